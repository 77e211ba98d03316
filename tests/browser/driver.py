"""Move every control of a widget as a learner may: by key, mouse and typed value; see that the page answers."""

import re
import statistics

from axe_playwright_python.sync_playwright import Axe

PARTS = ("picture", "alt", "readout")  # what a widget answers with
KNOWN = {
    "slider": ".widget-slider",
    "choice": ".widget-toggle-buttons",
    "text": ".widget-text",
    "button": ".widget-button",
}
UNKNOWN = "select, textarea, input[type=checkbox], input[type=radio], .widget-play"
PATIENCE = 20_000  # milliseconds
KERNEL_RESTS = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
SHOWN = """area => {
  const pictures = [...area.querySelectorAll('img')];
  const said = [...area.querySelectorAll('.widget-html-content')].map(part => part.textContent);
  return {picture: pictures.map(p => p.src).join(), alt: pictures.map(p => p.alt).join(), readout: said.join('\\n')};
}"""
# window.answer: milliseconds from the last key or release of the mouse until the answer is seen; null without one.
WATCH = """(area, [before, wanted, patience]) => { window.answer = new Promise(done => {
  let began = performance.now(), listening = new AbortController();
  for (const kind of ['keydown', 'pointerup'])
    addEventListener(kind, () => { began = performance.now(); }, {capture: true, signal: listening.signal});
  const end = time => { observer.disconnect(); listening.abort(); done(time); };
  const observer = new MutationObserver(async () => {
    const now = (SHOWN)(area);
    if (!wanted.some(part => now[part] !== before[part])) return;
    await Promise.allSettled([...area.querySelectorAll('img')].map(picture => picture.decode()));
    end(performance.now() - began);
  });
  observer.observe(area, {subtree: true, childList: true, attributes: true, characterData: true});
  setTimeout(() => end(null), patience);
}); }""".replace("SHOWN", SHOWN)


# Pixels to spare across, pixels down, and all names and buttons that are cut off (those for screen readers are 0 wide).
ROOM = """area => [area.clientWidth - area.scrollWidth, area.clientHeight,
  [...area.querySelectorAll('.widget-label, button')]
    .filter(part => part.clientWidth > 1 && part.scrollWidth > part.clientWidth).map(part => part.innerText)]"""


class Widget:
    """One widget in an open lesson: `area` is its output, a locator; `page` the browser's page."""

    def __init__(self, page, cell):
        self.page, self.cell, self.area = page, cell, page.locator(f'[data-cell="{cell}"] .jp-OutputArea-output').last
        self.area.scroll_into_view_if_needed()
        self.area.locator(".widget-html-content").first.wait_for()

    def shown(self):
        return self.area.evaluate(SHOWN)

    def answer_to(self, act, wanted=PARTS):
        """Act; tell which of picture, alt and readout changed, and after how many milliseconds a wanted one did."""
        before = self.shown()
        self.area.evaluate(WATCH, [before, list(wanted), PATIENCE])
        act()
        time = self.page.evaluate("() => window.answer")
        for _ in range(20):  # a widget may write its picture first and its words a moment later
            self.page.wait_for_function(KERNEL_RESTS)
            last = self.shown()
            self.page.wait_for_timeout(60)
            if self.shown() == last:
                break
        return {part for part in before if before[part] != last[part]}, time

    def controls(self):
        """List (kind, name, locator) of what can be moved; number boxes go with their sliders."""
        assert not self.area.locator(UNKNOWN).count(), "a control that the driver cannot move"
        found = []
        for kind, selector in KNOWN.items():
            for control in self.area.locator(selector).all():
                label = control if kind == "button" else control.locator(".widget-label").first
                name = label.inner_text().strip()
                if control.is_visible() and not control.locator("input[type=number]").count():
                    assert name and (kind, name) not in [entry[:2] for entry in found], (
                        f"a {kind} needs a name: {name!r}"
                    )
                    found.append((kind, name))
        return [(kind, name, self.control(kind, name)) for kind, name in found]

    def control(self, kind, name):
        exactly = re.compile(rf"^\s*{re.escape(name)}\s*$")
        if kind == "button":
            return self.area.locator(KNOWN[kind], has_text=exactly)
        return self.area.locator(KNOWN[kind], has=self.page.locator(".widget-label", has_text=exactly))


def must_change(widget, act, name, wanted=PARTS):
    changed, time = widget.answer_to(act, wanted)
    assert time is not None, (
        f"{name}: {act.__name__} changes {' and '.join(changed) or 'nothing'}; {wanted} shall change"
    )
    return changed, time


def move_slider(widget, name, control, wanted):
    """Nine steps by key, a drag, and a typed value that leads back to the start."""
    handle, typed = control.locator(".noUi-handle"), widget.area.get_by_role("spinbutton", name=name, exact=True)
    start, low, high = (float(typed.evaluate(f"box => box.{end}")) for end in ("value", "min", "max"))

    def value():
        return float(typed.input_value())

    def key():
        widget.page.keyboard.press(arrow)

    def drag():
        grip, track, mouse = handle.bounding_box(), control.locator(".noUi-base").bounding_box(), widget.page.mouse
        x, y = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2
        goal = track["x"] + track["width"] * (0.1 if x > track["x"] + track["width"] / 2 else 0.9)
        mouse.move(x, y)
        mouse.down()
        mouse.move((x + goal) / 2, y)
        mouse.move(goal, y)
        mouse.up()

    def type_a_value():
        typed.fill(f"{start:g}")
        typed.press("Enter")

    moves, arrow = [], "ArrowRight" if start - low <= high - start else "ArrowLeft"
    for _ in range(9):
        handle.focus()
        before, arrow = value(), {low: "ArrowRight", high: "ArrowLeft"}.get(value(), arrow)
        moves.append(must_change(widget, key, name, wanted))
        assert (value() > before) == (arrow == "ArrowRight"), f"{name}: its number box does not follow its slider"
    times = [time for _, time in moves]
    handle.scroll_into_view_if_needed()
    moves.append(must_change(widget, drag, name, wanted))
    if value() == start:  # a typed value has to be another one than the present one
        handle.focus()
        arrow = "ArrowRight" if value() < high else "ArrowLeft"
        moves.append(must_change(widget, key, name, wanted))
    moves.append(must_change(widget, type_a_value, name, wanted))
    assert abs(float(handle.get_attribute("aria-valuenow")) - start) < 0.1, f"{name}: its slider does not follow"
    return moves, statistics.median(times)


def move_choice(widget, name, control, wanted):
    """Press another button by mouse, then the first one again by keyboard; a row of one button has nothing to move."""
    buttons = control.get_by_role("button")
    pressed = [("mod-active" in button.get_attribute("class")) for button in buttons.all()].index(True)

    def click():
        buttons.nth((pressed + 1) % buttons.count()).click()

    def key():
        buttons.nth(pressed).focus()
        widget.page.keyboard.press("Enter")

    return [must_change(widget, act, name) for act in (click, key) if buttons.count() > 1], None


def move_text(widget, name, control, wanted, words=None):
    """Type other words and Enter, then the first ones again."""
    line = control.locator("input")
    start = line.input_value()

    def type_words():
        line.fill(words or f"{start} dog")
        line.press("Enter")

    def type_the_first_again():
        line.fill(start)
        line.press("Enter")

    return [must_change(widget, act, name) for act in (type_words, type_the_first_again)], None


def drive(widget, typed=None, one_alone=(), idle=()):
    """Move every control and see that the page answers, that axe is content, and that nothing leaks.

    Args:
        widget: The widget; it has to fit into a small window, too.
        typed: What to type into a text box, by its name; else " dog" is added to what stands there.
        one_alone: Names of controls that may change one of picture, alt and readout alone. Else a slider changes the
            picture at each move, and every control, in one of its moves, alt or readout.
        idle: Names of buttons that have nothing to do yet.

    Returns:
        For each control what changed, and for a slider the median milliseconds from a key to the new picture.
    """
    accessible(widget)
    fits(widget)
    report, outputs = {}, widget.page.locator(f'[data-cell="{widget.cell}"] .jp-OutputArea-child').count()
    controls = widget.controls()
    for kind, name, control in controls:
        wanted = ("picture",) if kind == "slider" and name not in one_alone else PARTS
        if kind == "button":
            moves, time = ([] if name in idle else [must_change(widget, control.click, name)]), None
        elif kind == "text":
            moves, time = move_text(widget, name, control, wanted, (typed or {}).get(name))
        else:
            moves, time = {"slider": move_slider, "choice": move_choice}[kind](widget, name, control, wanted)
        changed = {part for parts, _ in moves for part in parts}
        assert not moves or name in one_alone or changed - {"picture"}, f"{name} changes the picture and no words"
        report[name] = {"changed": sorted(changed)} | ({"ms": round(time)} if time else {})
    assert controls, "a widget without controls"
    accessible(widget)
    assert widget.page.locator(f'[data-cell="{widget.cell}"] .jp-OutputArea-child').count() == outputs, "a leak"
    assert not widget.page.faults, widget.page.faults
    return report


def fits(widget):
    """Controls and picture stand in a window of 1300 by 700, and in one of 900 nothing is cut off."""
    before = widget.page.viewport_size
    for width in (1300, 900):
        widget.page.set_viewport_size({"width": width, "height": 700})
        widget.page.wait_for_timeout(300)
        room, tall, cut = widget.area.evaluate(ROOM)
        assert room >= 0 and not cut, f"at {width} pixels {cut or 'something'} is cut off"
        assert width < 1300 or tall <= 700, f"it is {tall} pixels tall"
    widget.page.set_viewport_size(before)


def accessible(widget):
    """axe finds nothing in the widget; the sliders' handles are ipywidgets' own, without a name: hence number boxes."""
    place = f'[data-cell="{widget.cell}"] .jp-OutputArea-output'
    found = Axe().run(widget.page, {"include": [[place]], "exclude": [[".noUi-handle"]]})
    assert not found.violations_count, found.generate_report()


def answer_quiz(widget):
    """Press every option, by Enter and by Space in turn; each explains itself, and one of each question is right."""
    accessible(widget)
    fits(widget)
    questions = widget.area.locator(".widget-vbox .widget-vbox")
    assert questions.count() == 3
    for question in questions.all():
        replies = []
        for number, option in enumerate(question.get_by_role("button").all()):
            option.focus()
            must_change(widget, lambda: widget.page.keyboard.press("Space" if number % 2 else "Enter"), "quiz")  # noqa: B023
            replies.append(question.locator("p[role=status]").inner_text())
        assert len(set(replies)) == len(replies) >= 2 and all(r.startswith(("Yes: ", "No: ")) for r in replies)
        assert [reply.startswith("Yes: ") for reply in replies].count(True) == 1
    accessible(widget)

"""The driver itself: content with a widget that answers, and with none that is deaf, mute, nameless or leaks."""

import pytest

from browser import driver

# The bones of ipywidgets' own elements; `fault` names what is broken in this one.
PAGE = """<html lang="en"><title>a widget</title><main><div data-cell="toy"><div class="jp-OutputArea-child">
<div class="jp-OutputArea-output">
<div class="widget-slider"><span class="widget-label">size</span>
  <div class="noUi-base" style="position:relative;width:200px;height:20px"><div class="noUi-handle" tabindex="0"
   style="position:absolute;width:20px;height:20px"></div></div></div>
<div class="widget-text"><label class="widget-label" for="box">size</label>
  <input id="box" type="number" min="0" max="9"></div>
<div class="widget-toggle-buttons"><span class="widget-label">colour</span>
  <button class="mod-active">red</button><button class="">blue</button></div>
<div class="widget-text"><label class="widget-label" for="line">words</label><input id="line" value="a cat"></div>
<button class="widget-button">again</button>
<div class="widget-html-content"><img alt="" src=""><p></p></div>
</div></div></div></main><script>
const fault = 'FAULT', all = what => [...document.querySelectorAll(what)], one = what => all(what)[0];
window.jupyterapp = {shell: {currentWidget: {sessionContext: {session: {kernel: {status: 'idle'}}}}}};
let size = 3, colour = 0, words = 'a cat', turn = 0, held = false;
const handle = one('.noUi-handle'), box = one('#box'), line = one('#line');
function show() {
  const told = `${size} ${colour} ${words} ${turn}`, drawn = fault === 'no picture' ? 1 : told;
  handle.style.left = 20 * size + 'px'; handle.setAttribute('aria-valuenow', size);
  if (fault !== 'box apart' || !box.value) box.value = size;
  all('.widget-toggle-buttons button').forEach((b, i) => b.className = i === colour ? 'mod-active' : '');
  one('img').src = 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" width="9"/>' + `<!--${drawn}-->`;
  one('img').alt = fault === 'no words' ? 'a drawing' : 'drawn: ' + told;
}
function set(value) { size = Math.min(9, Math.max(0, value)); show(); }
const arrows = {ArrowRight: 1, ArrowLeft: -1};
handle.onkeydown = event => { if (fault !== 'deaf to keys') set(size + (arrows[event.key] || 0)); };
handle.onpointerdown = () => { held = fault !== 'deaf to the mouse'; };
const left = handle.parentNode.offsetLeft;
onpointerup = event => { if (held) set(Math.round((event.clientX - left) / 20)); held = false; };
box.onchange = () => { if (fault !== 'deaf to typing') set(+box.value); };
const press = i => { if (fault !== 'deaf row') { colour = i; show(); } };
all('.widget-toggle-buttons button').forEach((b, i) => b.onclick = () => press(i));
line.onchange = () => { if (fault !== 'deaf line') { words = line.value; show(); } };
one('.widget-button').onclick = () => { if (fault !== 'deaf button') { turn += 1; show(); }
  if (fault === 'leak') one('[data-cell]').innerHTML += '<div class="jp-OutputArea-child">leak</div>'; };
if (fault === 'no name') one('.widget-button').textContent = '';
show();
if (fault === 'no alt') one('img').removeAttribute('alt');
if (fault === 'cut off') one('.widget-slider .widget-label').style.cssText = 'display:block;width:9px;overflow:hidden';
if (fault === 'too wide') one('.widget-text').style.width = '1000px';
if (fault === 'too tall') one('.widget-text').style.height = '700px';
if (fault === 'menu') one('.jp-OutputArea-output').innerHTML += '<select aria-label="way"><option>a</select>';
</script></html>"""


@pytest.fixture
def toy(browser, monkeypatch):
    page = browser.new_page()

    def make(fault):
        page.set_content(PAGE.replace("FAULT", fault))
        page.faults = ["TypeError"] if fault == "console" else []
        return driver.Widget(page, "toy")

    monkeypatch.setattr(driver, "PATIENCE", 700)
    yield make
    page.close()


def test_a_widget_that_answers_passes(toy):
    report = driver.drive(toy("none"))
    assert list(report) == ["size", "colour", "words", "again"] and report["size"]["ms"] < 500
    assert all(told["changed"] == ["alt", "picture"] for told in report.values())


@pytest.mark.parametrize(
    "fault, told",
    [
        ("deaf to keys", "size: key changes nothing"),
        ("deaf to the mouse", "size: drag changes nothing"),
        ("deaf to typing", "size: type_a_value changes nothing"),
        ("box apart", "size: its number box does not follow"),
        ("deaf row", "colour: click changes nothing"),
        ("deaf line", "words: type_words changes nothing"),
        ("deaf button", "again: click changes nothing"),
        ("no picture", "size: key changes alt"),
        ("no words", "size changes the picture and no words"),
        ("no name", "button-name"),
        ("no alt", "image-alt"),
        ("cut off", "at 1300 pixels .'size'. is cut off"),
        ("too wide", "at 900 pixels something is cut off"),
        ("too tall", "pixels tall"),
        ("menu", "a control that the driver cannot move"),
        ("leak", "a leak"),
        ("console", "TypeError"),
    ],
)
def test_a_broken_widget_is_noticed(toy, fault, told):
    with pytest.raises(AssertionError, match=told):
        driver.drive(toy(fault))

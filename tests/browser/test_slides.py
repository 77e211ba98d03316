"""Every slide of every deck, opened from disk without a network: pictures, descriptions, notes, and nothing cut off."""

import subprocess
import sys
from pathlib import Path

import pytest

SLIDES = Path(__file__).parents[2] / "slides"
DECKS = sorted(SLIDES.glob("[0-9]*.md"))

# What stands on the slide that is shown: how far each element reaches beyond the slide, in pixels of the slide.
LOOK = """() => {
  const slide = Reveal.getCurrentSlide(), frame = document.querySelector('.slides').getBoundingClientRect();
  const parts = [...slide.querySelectorAll('h1, h2, p, li, pre, img')].filter(part => !part.closest('aside'));
  const over = parts.map(part => {
    const box = part.getBoundingClientRect();
    const across = Math.max(frame.left - box.left, box.right - frame.right);
    const out = Math.max(across, frame.top - box.top, box.bottom - frame.bottom);
    return [part.tagName + ' ' + part.textContent.slice(0, 40), Math.max(out, part.scrollWidth - part.clientWidth)];
  }).filter(([what, pixels]) => pixels > 1);
  const said = what => slide.querySelector(what)?.textContent ?? '';
  const images = [...slide.querySelectorAll('img')];
  return {
    over, title: said('h1, h2'), notes: said('aside.notes'),
    images: images.map(image => [image.alt, image.complete && image.naturalWidth > 0 && image.clientWidth > 300]),
    errors: slide.querySelectorAll('.stderr, .traceback').length,
  };
}"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The decks, built anew as `make slides` builds them."""
    out = tmp_path_factory.mktemp("slides") / "html"
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "revealjs", str(SLIDES), str(out)]
    child = subprocess.run(command, capture_output=True, text=True)
    assert child.returncode == 0, child.stdout + child.stderr
    return out


@pytest.fixture(scope="module", params=DECKS, ids=lambda deck: deck.stem)
def deck(request, built, browser):
    """What every slide of a deck shows, and what the browser asked for and complained of on the way."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.asked, page.faults = [], []
    page.on("request", lambda ask: page.asked.append(ask.url))
    page.on("console", lambda said: page.faults.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.goto((built / f"{request.param.stem}.html").as_uri())
    page.wait_for_function("() => window.Reveal && Reveal.isReady()")
    page.shown = []
    for number in range(page.evaluate("Reveal.getTotalSlides()")):
        page.wait_for_function(f"() => Reveal.getSlidePastCount() === {number}")
        page.evaluate("() => Promise.all([...Reveal.getCurrentSlide().querySelectorAll('img')].map(i => i.decode()))")
        page.shown.append(page.evaluate(LOOK))
        page.keyboard.press("Space")
    yield page
    page.close()


def test_there_are_decks():
    assert [deck.stem[:2] for deck in DECKS] == ["01", "06"]


def test_a_deck_has_ten_to_twenty_slides_each_with_its_own_title(deck):
    titles = [slide["title"] for slide in deck.shown]
    assert 10 <= len(titles) <= 20 and all(titles) and len(set(titles)) == len(titles)


def test_nothing_comes_from_the_network_and_nothing_fails(deck):
    away = [url for url in deck.asked if not url.startswith(("file:", "data:"))]
    assert deck.asked and not away and not deck.faults
    assert not any(slide["errors"] for slide in deck.shown)


def test_every_picture_is_there_and_described(deck):
    images = [image for slide in deck.shown for image in slide["images"]]
    assert all(len(alt) > 20 and loaded for alt, loaded in images)
    assert (
        sum(len(slide["images"]) == 1 for slide in deck.shown) >= len(deck.shown) - 2
    )  # numbers and take-away have none


def test_nothing_hangs_out_of_a_slide(deck):
    assert not [(slide["title"], slide["over"]) for slide in deck.shown if slide["over"]]


def test_every_slide_has_notes_with_minutes_and_a_question(deck):
    minutes = []
    for slide in deck.shown:
        first, ask = slide["notes"].split(" ", 1)
        minutes.append(int(first))
        assert ask.startswith("minute") and "?" in ask.split("Ask")[1], slide["title"]
    assert 30 <= sum(minutes) <= 60

"""Lessons in a real browser, as a learner has them: JupyterLab, every cell run, every control moved in three ways."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
LESSONS = Path(__file__).parents[2] / "notebooks"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-sync",
]
FLAGS += ["--no-first-run", "--disable-extensions", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]

# Wait for the kernel through the application itself: a click on Run All as soon as the page says "idle" loses cells.
RUN_ALL = """async () => {
  const app = window.jupyterapp; await app.restored;
  let panel;
  for (let i = 0; i < 1200; i++) {
    panel = app.shell.currentWidget;
    const kernel = panel?.sessionContext?.session?.kernel;
    if (kernel && kernel.connectionStatus === 'connected' && kernel.status === 'idle') break;
    await new Promise(done => setTimeout(done, 50));
  }
  await panel.context.ready; await panel.sessionContext.ready;
  await app.commands.execute('notebook:run-all-cells');
  const cells = panel.content.widgets.filter(cell => cell.model.type === 'code');
  const outputs = cells.flatMap(cell => cell.model.outputs.toJSON());
  return {counts: cells.map(cell => cell.model.executionCount),
          errors: outputs.filter(o => o.output_type === 'error').map(o => o.ename + ': ' + o.evalue),
          stderr: outputs.filter(o => o.name === 'stderr').map(o => String(o.text))};
}"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Address of a JupyterLab that serves a copy of the lessons and knows nothing of this user's settings."""
    root = tmp_path_factory.mktemp("lab")
    for lesson in LESSONS.glob("[0-9][0-9]_*.ipynb"):
        shutil.copy(lesson, root)
    (root / ".config" / "labconfig").mkdir(parents=True)
    quiet = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (root / ".config" / "labconfig" / "page_config.json").write_text(json.dumps(quiet))
    own = {"JUPYTER_CONFIG_DIR": ".config", "JUPYTER_DATA_DIR": ".data"}
    own |= {"JUPYTERLAB_SETTINGS_DIR": ".settings", "JUPYTERLAB_WORKSPACES_DIR": ".spaces"}
    env = {key: value for key, value in os.environ.items() if key != "PYTEST_CURRENT_TEST"}
    env |= {key: str(root / folder) for key, folder in own.items()}
    port = free_port()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", "--IdentityProvider.token=", f"--ServerApp.root_dir={root}"]
    command += ["--LabApp.expose_app_in_browser=True"]
    with open(root / "lab.log", "w") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    for _ in range(240):
        try:
            urllib.request.urlopen(address + "/api", timeout=1)
            break
        except OSError:
            time.sleep(0.25)
    else:
        process.kill()
        pytest.fail((root / "lab.log").read_text())
    yield address
    process.terminate()
    process.wait(30)


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    if not CHROMIUM:
        pytest.skip("there is no chromium: install it, or name one in the variable CHROMIUM")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def page(lab, browser):
    """Lesson 00, opened and run."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(60_000)
    page.faults = []
    page.on("console", lambda message: page.faults.append(message.text) if message.type == "error" else None)
    page.goto(f"{lab}/doc/tree/00_start_here.ipynb")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_function("() => window.jupyterapp")
    page.ran = page.evaluate(RUN_ALL)
    return page


@pytest.fixture(scope="module")
def composer(page):
    """The part of the page that holds the scene composer, with a function that waits until its picture has changed."""
    area = page.locator(".jp-OutputArea-output", has=page.get_by_title("object 1: horse")).last
    area.scroll_into_view_if_needed()
    area.locator("img").wait_for()
    return area


def description(composer):
    return composer.locator("img").get_attribute("alt")


def shown(composer):
    """Everything below the menus: picture, caption, statements, or why there is none."""
    return composer.locator(".widget-html-content").last.inner_html()


def wait_for_change(page, composer, before):
    for _ in range(600):
        if shown(composer) != before:
            return
        page.wait_for_timeout(50)
    raise AssertionError("nothing below the menus changed")


def test_run_all_raises_nothing_and_says_nothing_on_stderr(page):
    assert not page.ran["errors"] and all(page.ran["counts"])
    assert not page.ran["stderr"]


def test_every_picture_of_a_widget_has_a_description(composer):
    assert description(composer).startswith("a drawn scene: ")


ROWS = [
    ("place", "lake", "moon"),
    ("object 1", "cat", "fox"),
    ("colour 1", "pink", "white"),
    ("size 1", "small", "big"),
]
ROWS += [
    ("action 1", "jumps", "sits"),
    ("column 1", "middle", "left"),
    ("object 2", "bird", "kite"),
    ("colour 2", "blue", "red"),
]
ROWS += [("size 2", "big", "small"), ("column 2", "left", "right")]


@pytest.mark.parametrize("row, first, second", ROWS)
def test_buttons_take_the_mouse_and_the_keyboard_and_the_caption_follows(page, composer, row, first, second):
    before = shown(composer)
    composer.get_by_title(f"{row}: {first}", exact=True).click()
    wait_for_change(page, composer, before)
    before = shown(composer)
    composer.get_by_title(f"{row}: {second}", exact=True).focus()
    page.keyboard.press("Enter" if row.endswith("1") else "Space")
    wait_for_change(page, composer, before)
    assert composer.locator("b").inner_text() and description(composer)


def test_the_backdrop_slider_takes_keys_mouse_and_typed_values(page, composer):
    handle = composer.locator(".noUi-handle")
    typed = composer.get_by_role("spinbutton", name="backdrop, typed")
    start, before = int(typed.input_value()), shown(composer)
    handle.focus()
    page.keyboard.press("ArrowRight")
    wait_for_change(page, composer, before)
    assert int(typed.input_value()) == start + 1

    before = shown(composer)
    grip, track = handle.bounding_box(), composer.locator(".noUi-base").bounding_box()
    page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    page.mouse.down()
    for step in range(1, 6):
        page.mouse.move(track["x"] + track["width"] * (0.4 + 0.1 * step), grip["y"] + grip["height"] / 2)
    page.mouse.up()
    wait_for_change(page, composer, before)
    assert int(typed.input_value()) >= 12

    before = shown(composer)
    typed.fill("2")
    typed.press("Enter")
    wait_for_change(page, composer, before)
    assert handle.get_attribute("aria-valuenow") in ("2", "2.0")


def test_what_cannot_be_is_said_in_a_sentence(page, composer):
    before = shown(composer)
    composer.get_by_title("object 1: tree", exact=True).click()
    wait_for_change(page, composer, before)
    composer.get_by_title("object 2: tree", exact=True).click()
    composer.get_by_text("already; a scene has one object of each kind").wait_for()
    composer.get_by_title("object 2: nothing", exact=True).click()
    composer.locator("img").wait_for()


def test_the_quiz_explains_every_option(page):
    quiz = page.locator(".jp-OutputArea-output", has=page.locator("b", has_text="1. ")).last
    quiz.scroll_into_view_if_needed()
    options = quiz.get_by_role("button")
    assert options.count() == 9
    seen = set()
    for number in range(9):
        options.nth(number).focus()
        page.keyboard.press("Enter" if number % 2 else "Space")
        reply = quiz.locator("p[role=status]").nth(number // 3)
        reply.wait_for()
        for _ in range(100):
            if reply.inner_text() not in seen:
                break
            page.wait_for_timeout(50)
        assert reply.inner_text().startswith(("Yes: ", "No: ")) and reply.inner_text() not in seen
        seen.add(reply.inner_text())


def test_the_console_stays_clean(page):
    assert not page.faults, page.faults

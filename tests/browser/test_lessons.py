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
    area = page.locator(".jp-OutputArea-output", has=page.get_by_label("object 1")).last
    area.scroll_into_view_if_needed()
    area.locator("img").wait_for()
    return area


def description(composer):
    return composer.locator("img").get_attribute("alt")


def wait_for_change(page, composer, before):
    for _ in range(600):
        if composer.locator("img").count() and description(composer) != before[0]:
            return
        if composer.locator("img").count() and composer.locator("img").get_attribute("src") != before[1]:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"the picture did not change from {before[0]!r}")


def now(composer):
    return description(composer), composer.locator("img").get_attribute("src")


def test_run_all_raises_nothing_and_says_nothing_on_stderr(page):
    assert not page.ran["errors"] and all(page.ran["counts"])
    assert not page.ran["stderr"]


def test_every_picture_of_a_widget_has_a_description(composer):
    assert description(composer).startswith("a drawn scene: ")


@pytest.mark.parametrize(
    "name", ["place", "object 1", "colour 1", "size 1", "action 1", "column 1", "object 2", "colour 2"]
)
def test_menus_take_arrow_keys(page, composer, name):
    before = now(composer)
    menu = composer.get_by_label(name, exact=True)
    at = menu.evaluate("menu => menu.selectedIndex")
    last = menu.evaluate("menu => menu.options.length - 1")
    if last == 0:
        return  # a tree can only stand
    menu.focus()
    page.keyboard.press("ArrowDown" if at < last else "ArrowUp")
    wait_for_change(page, composer, before)
    page.keyboard.press("ArrowUp" if at < last else "ArrowDown")


@pytest.mark.parametrize(
    "name, choice",
    [("place", "meadow"), ("object 1", "horse"), ("colour 1", "white"), ("size 1", "small"), ("action 1", "runs")]
    + [("column 1", "middle"), ("object 2", "tree"), ("colour 2", "blue"), ("size 2", "big"), ("column 2", "left")],
)
def test_menus_take_a_choice_and_the_caption_follows(page, composer, name, choice):
    before = now(composer)
    menu = composer.get_by_label(name, exact=True)
    if menu.input_value() == choice:
        return
    menu.select_option(choice)
    wait_for_change(page, composer, before)
    assert composer.locator("b").inner_text()


def test_the_backdrop_slider_takes_keys_mouse_and_typed_values(page, composer):
    handle = composer.locator(".noUi-handle")
    typed = composer.get_by_role("spinbutton", name="backdrop, typed")
    start, before = int(typed.input_value()), now(composer)
    handle.focus()
    page.keyboard.press("ArrowRight")
    wait_for_change(page, composer, before)
    assert int(typed.input_value()) == start + 1

    before = now(composer)
    grip, track = handle.bounding_box(), composer.locator(".noUi-base").bounding_box()
    page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    page.mouse.down()
    for step in range(1, 6):
        page.mouse.move(track["x"] + track["width"] * (0.4 + 0.1 * step), grip["y"] + grip["height"] / 2)
    page.mouse.up()
    wait_for_change(page, composer, before)
    assert int(typed.input_value()) >= 12

    before = now(composer)
    typed.fill("2")
    typed.press("Enter")
    wait_for_change(page, composer, before)
    assert handle.get_attribute("aria-valuenow") in ("2", "2.0")


def test_what_cannot_be_is_said_in_a_sentence(page, composer):
    composer.get_by_label("object 2", exact=True).select_option(
        composer.get_by_label("object 1", exact=True).input_value()
    )
    composer.get_by_text("already; a scene has one object of each kind").wait_for()
    composer.get_by_label("object 2", exact=True).select_option("nothing")
    composer.locator("img").wait_for()


def test_the_quiz_explains_every_option(page):
    area = page.locator(".jp-OutputArea-output", has=page.locator("input[type=radio]")).last
    area.scroll_into_view_if_needed()
    options = area.locator("input[type=radio]")
    assert options.count() == 9
    for number in range(options.count()):
        options.nth(number).check()
        area.locator("p[role=status]").nth(number // 3).wait_for()
        page.wait_for_timeout(150)
        told = area.locator("p[role=status]").nth(number // 3).inner_text()
        assert told.startswith(("Yes: ", "No: "))


def test_the_console_stays_clean(page):
    assert not page.faults, page.faults

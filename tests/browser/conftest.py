"""Lessons in a real browser, as a learner has them: JupyterLab, every cell run. A test module names its LESSON."""

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

from browser import driver

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
FLAGS += ["--disable-sync", "--no-first-run", "--disable-extensions"]
FLAGS += ["--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]  # nothing leaves the machine

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
  for (const cell of cells) cell.node.dataset.cell = cell.model.id;
  const outputs = cells.flatMap(cell => cell.model.outputs.toJSON());
  return {counts: cells.map(cell => cell.model.executionCount),
          errors: outputs.filter(o => o.output_type === 'error').map(o => o.ename + ': ' + o.evalue),
          stderr: outputs.filter(o => o.name === 'stderr').map(o => String(o.text)),
          ends: Object.fromEntries(cells.map(cell => [cell.model.id, cell.model.getMetadata('execution')])),
          opened: performance.timeOrigin};
}"""
STOP = "() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("browser")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """Address of a JupyterLab that serves a copy of the lessons and knows nothing of this user's settings."""
    root = tmp_path_factory.mktemp("lab")
    for lesson in NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"):
        shutil.copy(lesson, root)
    (root / ".config" / "labconfig").mkdir(parents=True)
    quiet = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (root / ".config" / "labconfig" / "page_config.json").write_text(json.dumps(quiet))
    settings = root / ".settings" / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text('{"recordTiming": true}')
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
    for _ in range(480):
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


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    if not CHROMIUM:
        pytest.skip("there is no chromium: install it, or name one in the variable CHROMIUM")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def page(request, lab, browser):
    """The test module's LESSON, opened and run; at the end its console is clean."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(60_000)
    page.faults = []
    page.on("console", lambda message: page.faults.append(message.text) if message.type == "error" else None)
    page.goto(f"{lab}/doc/tree/{request.module.LESSON}.ipynb")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_function("() => window.jupyterapp")
    page.ran = page.evaluate(RUN_ALL)
    assert not page.ran["errors"] and all(page.ran["counts"]) and not page.ran["stderr"], page.ran
    yield page
    page.evaluate(STOP)
    page.close()
    assert not page.faults, page.faults


@pytest.fixture
def widget(page):
    """`widget(CELL)`: what the cell of that name shows."""
    return lambda cell: driver.Widget(page, cell)


@pytest.fixture
def drive(request, record_property):
    """`driver.drive`; its report is printed, and the times stand at the end of the test run."""

    def drive_and_record(widget, **how):
        report = driver.drive(widget, **how)
        for name, told in report.items():
            print(f"{request.module.LESSON}: {name}: {told}")
            if "ms" in told:
                record_property(
                    "latency", f"{request.module.LESSON}: {name}: {told['ms']} ms from a key to its picture"
                )
        return report

    return drive_and_record

"""`make lab`: check this machine, copy the lessons to `my-lessons/`, open JupyterLab at lesson 00."""

import hashlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from captionlib import doctor
from captionlib.errors import CaptionlibError

PROJECT = Path(__file__).parents[2]
FIRST = "00_start_here.ipynb"


def copy_lessons(source: Path, copy: Path) -> list[str]:
    """Bring a learner's copy up to date and leave alone what the learner has changed.

    Running a lesson is no change: only the text of the cells counts. A small manifest keeps what was delivered.

    Args:
        source: The folder with the original lessons.
        copy: The learner's folder; made if absent.

    Returns:
        Names of lessons that have a newer original and were kept, because the learner changed them.
    """
    copy.mkdir(exist_ok=True)
    manifest = copy / ".delivered.json"
    delivered = json.loads(manifest.read_text("utf8")) if manifest.exists() else {}
    kept = []
    for original in sorted(source.glob("[0-9][0-9]_*.ipynb")):
        mine, newest = copy / original.name, digest(original)
        if mine.exists() and digest(mine) not in (newest, delivered.get(original.name)):
            if delivered.get(original.name) != newest:
                kept.append(original.name)
            continue
        if not mine.exists() or digest(mine) != newest:
            shutil.copyfile(original, mine)
        delivered[original.name] = newest
    manifest.write_text(json.dumps(delivered, indent=1), "utf8")
    return kept


def digest(notebook: Path) -> str:
    """Condense what a person wrote in a notebook; outputs and counts do not matter.

    Args:
        notebook: An `.ipynb` file.

    Returns:
        A hexadecimal SHA-256 of the cells' kinds and texts; of the bytes when the file is no notebook.
    """
    try:
        cells = json.loads(notebook.read_text("utf8"))["cells"]
        text = json.dumps([[cell["cell_type"], "".join(cell["source"])] for cell in cells])
    except (ValueError, KeyError, TypeError):
        text = notebook.read_bytes().hex()
    return hashlib.sha256(text.encode()).hexdigest()


def free_port(first: int = 8888) -> int:
    """Find a port nobody listens on.

    Args:
        first: Where to begin.

    Returns:
        The first free port at or after `first`.
    """
    for port in range(first, first + 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    raise CaptionlibError(f"Ports {first} to {first + 99} are all taken: close a JupyterLab and try again.")


def has_display() -> bool:
    """Say whether a browser can open here.

    Returns:
        True on Windows and macOS, and elsewhere when a graphical session runs.
    """
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def main() -> int:
    """Check, copy, open.

    Returns:
        The exit code: 1 when the machine is not ready or the lessons are absent, else JupyterLab's own.
    """
    lessons, copy = PROJECT / "notebooks", PROJECT / "my-lessons"
    if not (lessons / FIRST).is_file():
        print(f"There is no lesson at {lessons}: run this in a copy of the project, installed with `pip install -e .`.")
        return 1
    if not doctor.run():
        return 1
    for name in copy_lessons(lessons, copy):
        print(f"kept   my-lessons/{name}: you changed it; the new version is notebooks/{name}")
    port, token = free_port(), secrets.token_urlsafe(16)
    print(f"\nYour lessons: http://127.0.0.1:{port}/lab/tree/{FIRST}?token={token}\nStop with Ctrl-C.", flush=True)
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={copy}", f"--port={port}", "--ip=127.0.0.1"]
    command += [f"--LabApp.default_url=/lab/tree/{FIRST}", "--log-level=WARN"]
    command += [] if has_display() else ["--no-browser"]
    command += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    environment = os.environ | {"JUPYTER_TOKEN": token}
    if sys.platform == "win32":
        return subprocess.run(command, env=environment).returncode
    os.execve(sys.executable, command, environment)  # JupyterLab takes this process over, and Ctrl-C reaches it alone


if __name__ == "__main__":
    sys.exit(main())

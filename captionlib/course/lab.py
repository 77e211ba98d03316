"""`make lab`: check this machine, copy the lessons to `my-lessons/`, open JupyterLab at lesson 00."""

import hashlib
import json
import os
import secrets
import signal
import sys
from pathlib import Path

from captionlib import doctor
from captionlib.errors import CaptionlibError
from captionlib.storage import write_atomically

PROJECT = Path(__file__).parents[2]
FIRST = "notebooks/00_start_here.ipynb"
# What a learner gets, in the project's own layout, so that the links from one to another lead somewhere.
DELIVERED = ("notebooks/[0-9][0-9]_*.ipynb", "docs/glossary.md", "docs/notation.md", "slides/[0-9][0-9]_*.md")


def deliver(project: Path, copy: Path) -> list[str]:
    """Bring a learner's copy up to date and leave alone what the learner has changed.

    Lessons come without outputs, so that a guess comes before its answer. Running a lesson is no change: only the text
    of the cells counts. A small manifest keeps what was delivered.

    Args:
        project: The folder of the project.
        copy: The learner's folder; made if absent.

    Returns:
        Names, such as "notebooks/00_start_here.ipynb", of what has a newer original and was kept, because the learner
        changed it.

    Raises:
        CaptionlibError: The learner's folder cannot be written to.
        OSError: A file there cannot be read.
    """
    manifest = copy / ".delivered.json"
    delivered = read_manifest(manifest)
    kept = []
    for original in sorted(file for pattern in DELIVERED for file in project.glob(pattern)):
        name = original.relative_to(project).as_posix()
        mine, newest = copy / name, digest(original)
        if mine.exists() and digest(mine) not in (newest, delivered.get(name)):
            if delivered.get(name) != newest:
                kept.append(name)
            continue
        if not mine.exists() or digest(mine) != newest:
            content = without_outputs(original)
            with write_atomically(mine) as temporary:
                temporary.write_bytes(content)
        delivered[name] = newest
    with write_atomically(manifest) as temporary:
        temporary.write_text(json.dumps(delivered, indent=1), "utf8")
    return kept


def read_manifest(manifest: Path) -> dict[str, str]:
    """Read what was delivered before; if the manifest is absent or damaged, nothing was.

    Args:
        manifest: The file `.delivered.json` of a learner's folder.

    Returns:
        {name: digest}. Names without a folder are lessons of the old layout.
    """
    try:
        delivered = json.loads(manifest.read_text("utf8"))
        return {name if "/" in name else f"notebooks/{name}": value for name, value in delivered.items()}
    except (FileNotFoundError, ValueError, AttributeError):
        return {}


def move_lessons(project: Path, copy: Path) -> list[str]:
    """Move lessons that an earlier version delivered to `my-lessons/` itself to where lessons lie now.

    Args:
        project: The folder of the project.
        copy: The learner's folder.

    Returns:
        The names of the lessons that were moved.

    Raises:
        OSError: The learner's folder cannot be written to.
    """
    moved = []
    for original in sorted(project.glob(DELIVERED[0])):
        old, new = copy / original.name, copy / "notebooks" / original.name
        if old.is_file() and not new.exists():
            new.parent.mkdir(exist_ok=True)
            old.rename(new)
            moved.append(old.name)
    return moved


def digest(file: Path) -> str:
    """Compute a digest of what a person wrote in a notebook; outputs and counts do not matter.

    Args:
        file: An `.ipynb` file, or any other.

    Returns:
        A hexadecimal SHA-256 of the cells' kinds and texts; of the bytes when the file is no notebook.
    """
    try:
        cells = json.loads(file.read_text("utf8"))["cells"]
        text = json.dumps([[cell["cell_type"], "".join(cell["source"])] for cell in cells])
    except (ValueError, KeyError, TypeError):
        text = file.read_bytes().hex()
    return hashlib.sha256(text.encode()).hexdigest()


def without_outputs(file: Path) -> bytes:
    """Read a file, a notebook without what its cells printed and drew.

    Args:
        file: A lesson, or a page, which is left as it is.

    Returns:
        The content to deliver.
    """
    if file.suffix != ".ipynb":
        return file.read_bytes()
    notebook = json.loads(file.read_text("utf8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return json.dumps(notebook, indent=1, ensure_ascii=False).encode()


def has_display() -> bool:
    """Return whether a browser can open here.

    Returns:
        True on Windows and macOS, and elsewhere when a graphical session runs.
    """
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def serve(folder: Path) -> None:
    """Run JupyterLab in this process until Ctrl-C; its address is printed once the server answers.

    Args:
        folder: What the learner sees as the topmost folder.
    """
    settings = [str(Path(__file__).parent), os.environ.get("JUPYTER_CONFIG_PATH")]  # labconfig/: no pop-up with news
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, settings))
    from jupyterlab.labapp import LabApp

    token = secrets.token_urlsafe(16)
    options = [f"--ServerApp.root_dir={folder}", "--ip=127.0.0.1", f"--IdentityProvider.token={token}"]
    options += [f"--LabApp.default_url=/lab/tree/{FIRST}", "--log-level=ERROR", "--LabApp.log_level=ERROR"]
    options += [] if has_display() else ["--no-browser"]
    options += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    server = LabApp.initialize_server(options)
    # One Ctrl-C stops it without a question, and also where it is no exception that a callback could swallow.
    signal.signal(signal.SIGINT, lambda *_: server.stop(from_signal=True))
    address = f"http://127.0.0.1:{server.port}/lab/tree/{FIRST}?token={token}"
    # The server has put its listening on the same queue, before this.
    server.io_loop.add_callback(print, f"\nYour lessons: {address}\nStop with Ctrl-C.", flush=True)
    server.start()


def main() -> int:
    """Check, copy, open.

    Returns:
        The exit code: 1 when the machine is not ready, or the lessons are absent or cannot be copied, else 0.
    """
    copy = PROJECT / "my-lessons"
    if not (PROJECT / FIRST).is_file():
        print(f"There is no lesson at {PROJECT / FIRST}: run this in a copy of the project, installed with "
              "`pip install -e .`.")  # fmt: skip
        return 1
    if not doctor.run():
        return 1
    try:
        if moved := move_lessons(PROJECT, copy):
            print(f"moved  {len(moved)} lessons from my-lessons/ to my-lessons/notebooks/, with all that you changed")
        for name in deliver(PROJECT, copy):
            print(f"kept   my-lessons/{name}: you changed it; the new version is {name}")
    except (CaptionlibError, OSError) as fault:
        print(f"The lessons could not be copied to my-lessons/: {fault}")
        return 1
    serve(copy)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # before the server runs
        sys.exit("Stopped.")

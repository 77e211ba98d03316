"""Is this machine ready for the course? One line per check, `ok` or `fault`, with what to do. Lesson 00 runs it."""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from captionlib.errors import CaptionlibError
from captionlib.storage import PRETRAINED, cache_dir, data_dirs

LESSONS = Path(__file__).parents[1] / "notebooks" / "00_start_here.ipynb"  # absent where captionlib alone is installed
REINSTALL = "install captionlib again with pip"
if LESSONS.exists():
    REINSTALL = "install again with `make lab`, or `python -m pip install -r requirements.lock -e .`"
GIB = 2**30
Line = tuple[bool, str]  # is it all right?, what to print


def run() -> bool:
    """Print every check's line and a last one that sums up.

    Returns:
        True if there is nothing to fix. What is merely absent (real data, WordNet) does not count.
    """
    faults = 0
    checks = [python, dependencies, tensorflow, shipped_models, memory, wordnet, home]
    checks += [cache, real_data] if has_home() else []  # without a home folder they can only say the same again
    for check in checks:
        for well, text in lines_of(check):
            print(f"{'ok   ' if well else 'fault'}  {text}", flush=True)
            faults += not well
    print("This machine is ready." if not faults else f"{faults} to fix; then run `captionlib doctor` again.")
    return not faults


def lines_of(check: Callable[[], Iterator[Line]]) -> Iterator[Line]:
    """Yield a check's lines; a `CaptionlibError` that it raises becomes one more line.

    Args:
        check: One of the functions below.

    Yields:
        Pairs (is it all right?, what to print).
    """
    try:
        yield from check()
    except CaptionlibError as fault:
        yield False, str(fault)


def python() -> Iterator[Line]:
    """Yield whether Python is one of those that pyproject.toml names."""
    wanted = SpecifierSet(metadata.metadata("captionlib")["Requires-Python"] if installed("captionlib") else "")
    mine = platform.python_version()
    advice = "" if mine in wanted else f": the course needs {wanted}; install one of these"
    yield mine in wanted, f"Python {mine}{advice}"


def dependencies() -> Iterator[Line]:
    """Yield one line for all packages that fit their range, and one for each that does not.

    The extra packages of the course may be absent where the lessons are absent, too.
    """
    if not installed("captionlib"):
        yield False, f"captionlib is not installed in this Python: {REINSTALL}"
        return
    fitting = []
    for wanted in map(Requirement, metadata.requires("captionlib")):
        version = installed(wanted.name)
        base = wanted.marker is None or wanted.marker.evaluate({"extra": ""})
        course = not base and wanted.marker.evaluate({"extra": "course"})
        if not base and not (course and (version or LESSONS.exists())):
            continue
        if version and wanted.specifier.contains(version, prereleases=True):
            fitting.append(f"{wanted.name} {version}")
        else:
            yield False, f"{wanted.name} {version or 'is absent'}: the course needs {wanted.specifier}; {REINSTALL}"
    yield True, f"{len(fitting)} packages: {', '.join(fitting)}"


def installed(name: str) -> str | None:
    """Look up which version of a package this Python has.

    Args:
        name: The package's name as on the package index.

    Returns:
        Its version, or None when it is absent.
    """
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def tensorflow() -> Iterator[Line]:
    """Yield whether TensorFlow computes; it runs in a child process, so that a crash can be reported.

    Raises:
        CaptionlibError: Keras is set up in a way that captionlib does not work with.
    """
    from captionlib import keras_settings  # checks when it is imported for the first time

    keras_settings.check()
    code = "import captionlib, tensorflow as tf; assert float(tf.reduce_sum(tf.ones((2, 3)))) == 6; "
    code += "print(tf.__version__, len(tf.config.list_physical_devices('GPU')))"
    try:
        child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=180)
    except subprocess.TimeoutExpired:
        yield False, "TensorFlow did not start within 3 minutes: close other programs and try again"
        return
    if child.returncode == 0:
        version, graphics_cards = child.stdout.split()
        yield True, f"TensorFlow {version} computes, graphics cards: {graphics_cards} (the course needs none)"
    elif child.returncode < 0:
        yield (
            False,
            f"TensorFlow crashes (signal {-child.returncode}); 4 means that the processor lacks AVX: use Colab instead",
        )
    else:
        yield False, f"TensorFlow does not start ({child.stderr.strip().splitlines()[-1:]}): {REINSTALL}"


def shipped_models() -> Iterator[Line]:
    """Yield whether every model folder in `pretrained/` has all files it needs."""
    folders = sorted(card.parent for card in PRETRAINED.glob("*/model_card.md"))
    broken = {folder.name: missing for folder in folders if (missing := missing_files(folder))}
    for name, missing in broken.items():
        yield False, f"the shipped model {name} lacks {', '.join(missing)}: fetch the project again"
    if not broken:
        yield True, f"shipped models: {', '.join(folder.name for folder in folders) or 'none yet'}"


def missing_files(folder: Path) -> list[str]:
    """List the files that a shipped model lacks.

    Args:
        folder: One folder of `pretrained/`. A captioner has `tokenizer.json`; an encoder has none.

    Returns:
        Names of absent or empty files.
    """
    parts = (
        ["toynet.weights.h5"]
        if folder.name == "toynet"
        else ["tokenizer.json", "decoder.weights.h5", "out_of_distribution.npz"]
    )
    files = [folder / name for name in ("config.json", *parts)]
    return [file.name for file in files if not file.is_file() or not file.stat().st_size]


def has_home() -> bool:
    """Return whether this user has a home folder, from the variable HOME or from the system's list of users."""
    return os.path.isabs(os.path.expanduser("~"))


def home() -> Iterator[Line]:
    """Yield what to fix when there is no home folder that can be written to; Jupyter keeps its own files there."""
    folder = os.path.expanduser("~")
    if not has_home():
        yield False, "there is no home folder: set the variable HOME to a folder that you can write to"
    elif not os.access(folder, os.W_OK):
        yield (
            False,
            f"cannot write to the home folder {folder}: set the variable HOME to a folder that you can write to",
        )


def cache() -> Iterator[Line]:
    """Yield whether the cache folder can be written and has room."""
    folder = cache_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as fault:
        yield (
            False,
            f"cannot write to {folder} ({fault.strerror}): name another folder in the variable CAPTIONLIB_CACHE",
        )
        return
    free = shutil.disk_usage(folder).free / GIB
    shown = f"~/{folder.relative_to(Path.home())}" if folder.is_relative_to(Path.home()) else folder
    advice = "" if free >= 3 else "; ToyScenes needs 0.2, real photographs 3: name a larger disk in CAPTIONLIB_CACHE"
    yield free >= 0.3, f"cache {shown}, {free:.1f} GiB free{advice}"


def memory() -> Iterator[Line]:
    """Yield whether the machine has the memory that a lesson takes, where the system tells."""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / GIB
        yield total >= 1.9, f"memory {total:.1f} GiB{'' if total >= 1.9 else ': a lesson needs 2; use Colab instead'}"


def real_data() -> Iterator[Line]:
    """Yield whether real photographs are there; without them every lesson still runs."""
    found = [folder / "flickr8k" for folder in data_dirs() if any((folder / "flickr8k").glob("*"))]
    if found:
        yield True, f"real photographs: {found[0]}"
    else:
        yield True, "real photographs absent, and not needed; `captionlib data flickr8k` fetches them (1.1 GB)"


def wordnet() -> Iterator[Line]:
    """Yield whether NLTK's WordNet is there; only the METEOR score needs it."""
    from captionlib.metrics import meteor_available

    if meteor_available():
        yield True, "WordNet for METEOR"
    else:
        yield True, "WordNet absent, and needed for METEOR alone; `python -m nltk.downloader wordnet` fetches it"

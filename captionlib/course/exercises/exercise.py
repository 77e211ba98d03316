"""What every exercise of the course can do: `check` an answer, give the next `hint`, show a tested `solution`."""

import contextlib
import inspect
import io
import signal
import sys
import sysconfig
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

SECONDS = 5  # for all that a judge asks of the learner's code
LETTERS = 10_000  # that the learner's code may print; a page with a million lines freezes
INTERRUPT = (
    f"This runs for {SECONDS} seconds now. If your code has a loop without end, stop it: the square button above the "
    "lesson, or Kernel, Interrupt in the menu."
)
OTHERS = [str(Path(__file__).parents[2]), *(sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib"))]
Judge = Callable[[object], str | None]  # the learner's answer in, what is wrong with it out; None when it is right


class NotAttempted(Exception):
    """The learner's stub still returns `...`."""


class NotYet(Exception):
    """The learner handed in what cannot be judged; the sentence says why."""


class TooLong(BaseException):
    """The learner's code took too long. Not an Exception: an `except Exception` in their loop shall not swallow it."""


class Shortened(io.TextIOBase):
    """Passes on the first `LETTERS` letters of what is printed."""

    def __init__(self, out: io.TextIOBase):
        """Keep where to print."""
        self.out, self.left = out, LETTERS

    def write(self, text: str) -> int:
        """Print what still fits, and say once that the rest is left out."""
        self.out.write(text[: max(self.left, 0)])
        if 0 <= self.left < len(text):
            self.out.write("\n… your code prints more than this; the rest is left out\n")
        self.left = max(self.left, 0) - len(text)
        return len(text)


class Exercise:
    """One exercise. `check` tells *not attempted*, *not yet* with the reason, or *correct*; it never raises.

    Args:
        judge: Says what is wrong with an answer, with shapes and a value and never the solution; None when it is right.
        solution: The tested solution, a function; `solution()` shows its code.
        hints: Two or three, from a nudge to nearly all of it.
    """

    def __init__(self, judge: Judge, solution: Callable, hints: list[str]):
        """Keep what the exercise is made of."""
        self.judge, self.answer, self.hints, self.given = judge, solution, hints, 0

    def check(self, mine: object) -> None:
        """Print how an answer fares.

        Args:
            mine: The learner's value or function. Faults inside a function become *not yet* with its line.
        """
        try:
            with in_time(), contextlib.redirect_stdout(Shortened(sys.stdout)):
                wrong = "not attempted" if mine is ... else self.judge(mine)
        except NotAttempted:
            wrong = "not attempted"
        except NotYet as fault:
            wrong = str(fault)
        except TooLong as fault:
            wrong = f"{where(fault)} still runs after {SECONDS} seconds and was stopped: is there a loop without end?"
        except (Exception, SystemExit) as fault:  # whatever a learner's code can raise; their own Ctrl-C passes
            wrong = f"{where(fault)} raises {type(fault).__name__}: {fault}"
        if wrong == "not attempted":
            print("not attempted: replace ... by your answer and run this cell again")
        else:
            print(f"not yet: {wrong[:1000]}" if wrong else "correct")  # an array of theirs can be long

    def hint(self) -> None:
        """Print the next hint; the last one again when there is no other."""
        self.given = min(self.given + 1, len(self.hints))
        print(f"hint {self.given} of {len(self.hints)}: {self.hints[self.given - 1]}")

    def solution(self) -> None:
        """Print the code of the solution."""
        print(inspect.cleandoc("\n" + inspect.getsource(self.answer)))


def ask(function: object, *arguments):
    """Call a learner's function; judges use it so that a stub is recognised.

    Args:
        function: What the learner handed in.
        *arguments: What the function is called with; arrays are copied, so that an answer cannot spoil them.

    Returns:
        What the function returned.

    Raises:
        NotAttempted: It returned `...`.
        NotYet: It is no function, or returned nothing.
    """
    if not callable(function):
        raise NotYet(f"check wants your function, and this is {function!r}")
    result = function(*(a.copy() if isinstance(a, np.ndarray) else a for a in arguments))
    if result is ...:
        raise NotAttempted
    if result is None:
        raise NotYet("your function returned None; is there a return at its end?")
    return result


@contextlib.contextmanager
def in_time() -> Iterator[None]:
    """Stop Python code that runs too long; where nothing can stop it, say how the learner can."""
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():

        def stop(*_):
            raise TooLong

        before = signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, SECONDS, 1)  # once more each second, should the code hold the first one
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
    else:  # Windows, or a thread
        advice = threading.Timer(SECONDS, print, [INTERRUPT])
        advice.start()
        try:
            yield
        finally:
            advice.cancel()


def where(fault: BaseException) -> str:
    """Name the line of the learner's own code in which a fault arose; "your code" when it arose outside of it."""
    frames = [f for f in traceback.extract_tb(fault.__traceback__) if not f.filename.startswith(tuple(OTHERS))]
    return f"line {frames[-1].lineno} of your code" if frames else "your code"


def unlike(mine: object, wanted: np.ndarray, tolerance: float = 1e-6) -> str | None:
    """Say in what an array differs from the right one, without giving the right one away.

    Args:
        mine: What the learner computed.
        wanted: The right array, of any shape, such as (H, W, 3).
        tolerance: Largest difference that still counts as equal.

    Returns:
        A sentence about the first that differs: type, shape, kind of number, or one value; None when nothing does.
    """
    if not isinstance(mine, np.ndarray):
        return f"it gives {type(mine).__name__}, and a NumPy array is wanted"
    if mine.shape != wanted.shape:
        return f"its shape is {mine.shape}, and {wanted.shape} is wanted"
    if mine.dtype.kind != wanted.dtype.kind:
        return f"its numbers are {mine.dtype}, and {wanted.dtype} is wanted"
    apart = ~np.isclose(mine.astype(float), wanted.astype(float), rtol=0, atol=tolerance)
    if not apart.any():
        return None
    place = tuple(int(i) for i in np.argwhere(apart)[0])
    direction = "large" if mine[place] > wanted[place] else "small"
    direction = "large" if np.isnan(mine[place]) else direction
    return f"at {list(place)} it gives {mine[place]}, which is too {direction}"

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

SECONDS = 5  # for all calls of the learner's code in one check
MAX_PRINTED = 10_000  # characters; a page with a million lines freezes
INTERRUPT = (
    f"This runs for {SECONDS} seconds now. If your code has an infinite loop, stop it: the square button above the "
    "lesson, or Kernel, Interrupt in the menu."
)
LIBRARIES = [
    str(Path(__file__).parents[2]),
    *(sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib")),
]
Checker = Callable[[object], str | None]  # the learner's answer in, what is wrong with it out; None if it is right


class NotAttempted(Exception):
    """The learner's stub still returns `...`."""


class NotYet(Exception):
    """The learner's answer cannot be checked; the message says why."""


class TimedOut(BaseException):
    """The learner's code took too long. Not an Exception, so that their `except Exception` does not catch it."""


class Truncated(io.TextIOBase):
    """Passes on the first `MAX_PRINTED` characters of what is printed."""

    def __init__(self, out: io.TextIOBase):
        """Keep where to print."""
        self.out, self.left = out, MAX_PRINTED

    def write(self, text: str) -> int:
        """Print what still fits, and say once that the rest is left out."""
        self.out.write(text[: max(self.left, 0)])
        if 0 <= self.left < len(text):
            self.out.write("\n… your code prints more than this; the rest is left out\n")
        self.left = max(self.left, 0) - len(text)
        return len(text)


class Exercise:
    """One exercise. `check` prints *not attempted*, *not yet* with the reason, or *correct*; it never raises.

    Args:
        checker: Returns what is wrong with an answer, with shapes and a value, never the solution; None if it is right.
        solution: The reference solution, a function; `solution()` shows its code.
        hints: Two or three, from a nudge to nearly all of it.
    """

    def __init__(self, checker: Checker, solution: Callable, hints: list[str]):
        """Keep what the exercise is made of."""
        self.checker, self.reference, self.hints, self.hints_given = checker, solution, hints, 0

    def check(self, mine: object) -> None:
        """Check an answer and print the result.

        Args:
            mine: The learner's value or function. An error inside the function becomes *not yet* with its line.
        """
        try:
            with time_limit(), contextlib.redirect_stdout(Truncated(sys.stdout)):
                wrong = "not attempted" if mine is ... else self.checker(mine)
        except NotAttempted:
            wrong = "not attempted"
        except NotYet as error:
            wrong = str(error)
        except TimedOut as error:
            wrong = f"{line_of(error)} still runs after {SECONDS} seconds and was stopped: is there an infinite loop?"
        except (Exception, SystemExit) as error:  # whatever a learner's code can raise; their own Ctrl-C passes
            wrong = f"{line_of(error)} raises {type(error).__name__}: {error}"
        if wrong == "not attempted":
            print("not attempted: replace ... with your answer and run this cell again")
        else:
            print(f"not yet: {wrong[:1000]}" if wrong else "correct")  # an array of theirs can be long

    def hint(self) -> None:
        """Print the next hint; the last one again when there is no other."""
        self.hints_given = min(self.hints_given + 1, len(self.hints))
        print(f"hint {self.hints_given} of {len(self.hints)}: {self.hints[self.hints_given - 1]}")

    def solution(self) -> None:
        """Print the code of the solution."""
        print(inspect.cleandoc("\n" + inspect.getsource(self.reference)))


def call(function: object, *arguments):
    """Call a learner's function; checkers use it to recognise a stub.

    Args:
        function: What the learner handed in.
        *arguments: What the function is called with; arrays are copied, so that the function cannot change them.

    Returns:
        What the function returned.

    Raises:
        NotAttempted: It returned `...`.
        NotYet: It is not a function, or returned None.
    """
    if not callable(function):
        raise NotYet(f"check needs your function, and this is {function!r}")
    result = function(*(a.copy() if isinstance(a, np.ndarray) else a for a in arguments))
    if result is ...:
        raise NotAttempted
    if result is None:
        raise NotYet("your function returned None; is there a return at its end?")
    return result


@contextlib.contextmanager
def time_limit() -> Iterator[None]:
    """Stop Python code that runs too long; where nothing can stop it, say how the learner can."""
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():

        def stop(*_):
            raise TimedOut

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


def line_of(error: BaseException) -> str:
    """Name the line of the learner's own code that raised an error; "your code" if another line did."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(tuple(LIBRARIES))]
    return f"line {frames[-1].lineno} of your code" if frames else "your code"


def compare(mine: object, expected: np.ndarray, tolerance: float = 1e-6) -> str | None:
    """Describe how an array differs from the expected one, without giving it away.

    Args:
        mine: What the learner computed.
        expected: The right array, of any shape, such as (H, W, 3).
        tolerance: Largest difference that still counts as equal.

    Returns:
        A sentence about the first difference: type, shape, kind of number, or one value; None if there is none.
    """
    if not isinstance(mine, np.ndarray):
        return f"it gives {type(mine).__name__}, and a NumPy array is expected"
    if mine.shape != expected.shape:
        return f"its shape is {mine.shape}, and {expected.shape} is expected"
    if mine.dtype.kind != expected.dtype.kind:
        return f"its numbers are {mine.dtype}, and {expected.dtype} is expected"
    different = ~np.isclose(mine.astype(float), expected.astype(float), rtol=0, atol=tolerance)
    if not different.any():
        return None
    index = tuple(int(i) for i in np.argwhere(different)[0])
    direction = "large" if mine[index] > expected[index] else "small"
    direction = "large" if np.isnan(mine[index]) else direction
    return f"at {list(index)} it gives {mine[index]}, which is too {direction}"

"""A check outlives whatever a learner's code does, says why it is not yet right, and lets the learner interrupt it."""

import contextlib
import signal
import threading
import time

import numpy as np
import pytest

from captionlib.course.exercises import exercise
from captionlib.course.exercises.exercise import Exercise, call, compare


def checker(mine):
    return compare(call(mine, np.arange(3)), np.arange(3) + 1)


EXERCISE = Exercise(checker, len, ["a", "b"])


@pytest.fixture
def said(capsys, monkeypatch):
    """What a check prints about a function, and the seconds that it took; a limit of 0.3 seconds."""
    monkeypatch.setattr(exercise, "SECONDS", 0.3)

    def check(mine):
        began = time.monotonic()
        EXERCISE.check(mine)
        return capsys.readouterr().out, time.monotonic() - began

    return check


def spins(x):
    while True:
        pass


def holds_on(x):
    while True:
        with contextlib.suppress(Exception):
            time.sleep(0.01)


def catches_all_once(x):
    try:
        spins(x)
    except:  # noqa: E722
        spins(x)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timer that stops Python code")
@pytest.mark.parametrize("endless", [spins, holds_on, catches_all_once])
def test_a_loop_without_end_is_stopped(said, endless):
    told, seconds = said(endless)
    assert (
        told.startswith("not yet: line ")
        and "of your code still runs after 0.3 seconds and was stopped: is there an infinite loop?" in told
    )
    assert seconds < 10
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0) and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL


def test_where_nothing_can_stop_it_the_learner_is_told_how(said, capsys):
    def slow(x):
        time.sleep(0.6)
        return x + 1

    thread = threading.Thread(target=EXERCISE.check, args=[slow])  # signals reach the main thread alone
    thread.start()
    thread.join()
    told = capsys.readouterr().out
    assert "Kernel, Interrupt in the menu" in told and told.endswith("correct\n")
    assert said(lambda x: x + 1)[0] == "correct\n"


def test_recursion_without_end_is_told(said):
    def deeper(x):
        return deeper(x)

    told, _ = said(deeper)
    assert told.startswith("not yet: line ") and "RecursionError" in told and len(told) < 500


def prints_once(x):
    print("a" * 10_000_000)
    return x + 1


def prints_lines(x):
    for number in range(100_000):
        print(number)
    return x + 1


@pytest.mark.parametrize("chatty", [prints_once, prints_lines])
def test_a_flood_of_output_is_cut_and_checked(said, monkeypatch, chatty):
    monkeypatch.setattr(exercise, "SECONDS", 30)
    told, _ = said(chatty)
    assert told.count("the rest is left out") == 1 and told.endswith("correct\n") and len(told) < 10_200


def test_what_a_learner_prints_is_shown(said):
    def traced(x):
        print("x is", x)
        return x + 1

    assert said(traced)[0] == "x is [0 1 2]\ncorrect\n"


def test_a_call_to_leave_python_is_a_fault_like_any_other(said):
    def leaves(x):
        raise SystemExit(3)

    assert "raises SystemExit: 3" in said(leaves)[0]


def test_the_learners_own_interrupt_still_interrupts():
    def interrupted(x):
        signal.raise_signal(signal.SIGINT)
        return spins(x)

    with pytest.raises(KeyboardInterrupt):
        EXERCISE.check(interrupted)
    assert not hasattr(signal, "getitimer") or signal.getitimer(signal.ITIMER_REAL) == (0, 0)


@pytest.mark.parametrize(
    "mine, reason",
    [
        (lambda: 1, "takes 0 positional arguments but 1 was given"),
        (lambda x, y: 1, "missing 1 required positional argument: 'y'"),
        (lambda x: None, "not yet: your function returned None; is there a return at its end?"),
        (lambda x: [1, 2, 3], "it gives list, and a NumPy array is expected"),
        (lambda x: "text", "it gives str"),
        (lambda x: np.array(["a", "b", "c"]), "its numbers are <U1, and int64 is expected"),
        (lambda x: np.array([{}, [], None], dtype=object), "its numbers are object"),
        (lambda x: x + "1", "of your code raises "),
        (np.zeros, "its shape is (0, 1, 2), and (3,) is expected"),
        (3, "not yet: check needs your function, and this is 3"),
        ("x" * 100_000, "check needs your function"),
    ],
)
def test_wrong_types_are_told_in_a_line(said, mine, reason):
    told, _ = said(mine)
    assert told.startswith("not yet: ") and reason in told and len(told) < 1100 and told.count("\n") == 1

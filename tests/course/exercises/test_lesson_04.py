"""The mistakes that learners make in lesson 04, each with the reason it must get."""

from collections import Counter

import numpy as np
import pytest

from captionlib.course.exercises import lesson_04 as exercises


def counted(captions):
    return Counter(" ".join(captions).split())


def above(captions, least):
    return sorted((w for w, n in counted(captions).items() if n > least), key=lambda w: (-counted(captions)[w], w))


def doubled(captions, least):
    return sorted(" ".join(captions).split())


def of_captions(losses, tokens):
    return ((losses * (tokens != 0)).sum(1) / (tokens != 0).sum(1)).mean()


@pytest.mark.parametrize(
    "exercise, mine, reason",
    [
        (
            "make_vocabulary",
            lambda c, m: sorted(counted(c)),
            "'a' should not stand at position 0; frequent words come first",
        ),
        (
            "make_vocabulary",
            lambda c, m: [w for w, n in counted(c).most_common() if n >= m],
            "'cat' should not stand at position 1; frequent",
        ),
        ("make_vocabulary", above, "'boat' is missing; how often does it occur?"),
        ("make_vocabulary", lambda c, m: counted(c).most_common(), "the list holds ('red', 3), and words alone"),
        ("make_vocabulary", lambda c, m: set(counted(c)), "it gives set, and a list is expected"),
        ("make_vocabulary", lambda c, m: counted(c), "it gives Counter, and a list is expected"),
        ("make_vocabulary", lambda c, m: sorted(counted(c), key=lambda w: (-counted(c)[w], w)), "2, 'boat' should not"),
        ("make_vocabulary", doubled, "a word is in the list twice"),
        ("make_vocabulary", lambda c, m: list(" ".join(c)), "the list holds 't', which is not a word of the captions"),
        (
            "mean_loss",
            lambda loss, t: loss.mean(),
            "with a loss of 1 at words and 50 under the padding, it gives 13.25",
        ),
        ("mean_loss", lambda loss, t: (loss * (t != 0)).mean(), "with every loss 1, it gives 0.75, too small"),
        ("mean_loss", lambda loss, t: loss[t != 0].sum() / len(t), "with every loss 1, it gives 3, too large"),
        (
            "mean_loss",
            lambda loss, t: loss[t > 2].mean(),
            "with a loss of 6 at both <end> and 0 elsewhere, it gives 0, ",
        ),
        ("mean_loss", lambda loss, t: loss[(t != 0) & (t != 3)].mean(), "with a loss of 6 at both <end>"),
        ("mean_loss", lambda loss, t: (loss * (t != 0) * (t != 3)).sum() / 6, "with every loss 1, it gives 0.8333"),
        (
            "mean_loss",
            lambda loss, t: loss[t != 0],
            "one number for the whole batch is expected, and this is shape (6,)",
        ),
        ("mean_loss", of_captions, "with a loss of 6 at both <end> and 0 elsewhere, it gives 2.25, too large"),
        ("mean_loss", lambda loss, t: loss[t != 0].tolist(), "this is shape (6,)"),
        ("mean_loss", lambda loss, t: "4.0", "one number for the whole batch is expected, and this is '4.0'"),
    ],
)
def test_expected_mistakes_get_their_own_reason(exercise, mine, reason, capsys):
    getattr(exercises, exercise).check(mine)
    out = capsys.readouterr().out
    assert out.startswith("not yet: ") and reason in out


def test_another_way_to_be_right_is_right(capsys):
    def by_hand(captions, least):
        counts = {}
        for caption in captions:
            for word in caption.split():
                counts[word] = counts.get(word, 0) + 1
        kept = sorted(word for word, count in counts.items() if count >= least)
        kept.sort(key=counts.get, reverse=True)  # sort is stable: ties keep the alphabet
        return kept

    exercises.make_vocabulary.check(by_hand)
    exercises.mean_loss.check(lambda losses, tokens: float(np.mean(losses[tokens > 0])))
    assert capsys.readouterr().out == "correct\ncorrect\n"

"""A short quiz at a lesson's end: every option, right or wrong, explains itself."""

import html

import ipywidgets

from captionlib.course.widgets import parts

WHOLE_LINE = {"width": "auto", "height": "auto", "min_height": "30px"}
WRAPPED = (
    "<style>.captionlib-option {white-space: normal; text-align: left; line-height: 1.4; padding: 4px 10px}</style>"
)
Question = tuple[str, dict[str, str]]  # the question; each option with its explanation, which begins with Yes or No


def quiz(*questions: Question) -> None:
    """Show questions to click through; readers without a kernel find all options and explanations as plain text.

    Args:
        *questions: Pairs (question, {option: explanation}).
    """
    boxes = []
    for number, (question, options) in enumerate(questions, start=1):
        title = ipywidgets.HTML(f"{WRAPPED}<b>{number}. {html.escape(question)}</b>")
        reply = ipywidgets.HTML()
        buttons = [ipywidgets.Button(description=option, layout=WHOLE_LINE) for option in options]
        for button, explanation in zip(buttons, options.values(), strict=True):
            button.add_class("captionlib-option")
            button.on_click(lambda _, reply=reply, explanation=explanation: reply_with(reply, explanation))
        boxes.append(ipywidgets.VBox([title, *buttons, reply], layout={"max_width": "46em"}))
    parts.present(ipywidgets.VBox(boxes), in_plain_text(questions))


def reply_with(reply: ipywidgets.HTML, explanation: str) -> None:
    """Write an option's explanation below its question, where a screen reader hears of it."""
    reply.value = f'<p role="status">{html.escape(explanation)}</p>'


def in_plain_text(questions: tuple[Question, ...]) -> str:
    """Write out every question, its options and what each one's explanation says."""
    lines = []
    for number, (question, options) in enumerate(questions, start=1):
        lines += [f"{number}. {question}", *(f"   - {option}: {why}" for option, why in options.items()), ""]
    return "\n".join(lines).rstrip()

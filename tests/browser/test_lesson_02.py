"""Lesson 02 in a real browser: the optimiser playground descends, and says so when it diverges."""

from browser import driver

LESSON = "02_learn_by_gradient"
SLIDERS = {"learning rate", "momentum", "start a", "start b", "steps"}


def test_the_playground_answers_to_every_control(widget, drive):
    report = drive(widget("playground-widget"))
    assert set(report) == {"loss", "optimiser", *SLIDERS}


def test_a_path_that_diverges_is_said(widget):
    playground = widget("playground-widget")
    playground.area.get_by_title("loss: two dips").click()
    playground.area.get_by_title("optimiser: SGD").click()
    rate = playground.area.get_by_role("spinbutton", name="learning rate", exact=True)
    rate.fill("0.5")
    rate.press("Enter")
    playground.area.get_by_text("It diverges: at step").wait_for()
    shown = playground.shown()
    assert "It diverges" in shown["alt"] and shown["picture"].startswith("data:image/png")
    momentum = playground.area.get_by_role("spinbutton", name="momentum", exact=True)
    assert momentum.is_disabled()


def test_the_quiz_explains_every_option(widget):
    driver.answer_quiz(widget("quiz-widget"))

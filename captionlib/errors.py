"""Faults that a reader can mend stand here; every step of the pipeline raises them, and the command prints them."""


class CaptionlibError(Exception):
    """A fault the user can mend. Its text is one sentence that says what is wrong and what to do."""

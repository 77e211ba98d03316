"""Errors that the user can fix: every step of the pipeline raises them, and the command prints them."""


class CaptionlibError(Exception):
    """An error the user can fix. Its text is one sentence that says what is wrong and what to do."""

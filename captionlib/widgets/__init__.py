"""Thin controls over figures and pure functions; nothing here computes what a lesson teaches."""

from captionlib.widgets.composer import scene_composer
from captionlib.widgets.questions import quiz

__all__ = ["quiz", "scene_composer"]

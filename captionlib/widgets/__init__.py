"""Thin controls over figures and pure functions; nothing here computes what a lesson teaches."""

from captionlib.widgets.quiz import quiz
from captionlib.widgets.scene_composer import scene_composer

__all__ = ["quiz", "scene_composer"]

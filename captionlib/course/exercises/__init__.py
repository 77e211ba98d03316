"""Checked exercises, one module per lesson: `from captionlib.course.exercises import lesson_08 as exercises`."""

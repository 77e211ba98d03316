"""Fixtures that many tests share. Real data is never required: tests that need it say so and skip with the reason."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(scope="session")
def data_dir():
    """The folder with real data (flickr8k/), from the environment variable CAPTIONLIB_DATA."""
    folder = os.environ.get("CAPTIONLIB_DATA")
    if not folder:
        pytest.skip("real data is absent: set CAPTIONLIB_DATA to a folder with flickr8k/")
    assert Path(folder).is_dir(), f"CAPTIONLIB_DATA names {folder}, which is not a folder"
    return Path(folder)

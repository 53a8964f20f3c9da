"""A copy of the real content folder to break."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from valve_clinic import paths


@pytest.fixture
def folder(tmp_path: Path, quick_reading: None) -> Path:
    """A copy of the real content."""
    copy = tmp_path / "content"
    shutil.copytree(paths.CONTENT, copy)
    return copy

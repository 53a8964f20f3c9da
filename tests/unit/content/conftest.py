"""A copy of the real content folder to break."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from valve_clinic import paths
from valve_clinic.content import yaml_file

_read = yaml_file.read
_read_before: dict[tuple[str, bytes], Any] = {}


def _read_once(path: Path) -> Any:
    """Read a file only when no file of the same name and bytes was read before: facts.yml takes half a second."""
    key = (path.name, path.read_bytes() if path.is_file() else b"")
    if key not in _read_before:
        _read_before[key] = _read(path)
    return _read_before[key]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the real content."""
    monkeypatch.setattr(yaml_file, "read", _read_once)
    copy = tmp_path / "content"
    shutil.copytree(paths.CONTENT, copy)
    return copy

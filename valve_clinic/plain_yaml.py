"""Large YAML files of plain lists and texts, read without the places of their values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

#: The safe one, libyaml's where PyYAML has it: a tenth of the time for the files of training messages.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(path: Path) -> Any:
    """Return what the file holds; raises OSError or `yaml.YAMLError`, which says the line."""
    return yaml.load(path.read_text(encoding="utf-8"), _LOADER)  # noqa: S506

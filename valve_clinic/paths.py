"""Where the project's files are: one place that knows the layout."""

from __future__ import annotations

import os
from pathlib import Path

#: The checkout: content, data and configuration are read from here.
ROOT = Path(os.environ.get("VALVE_CLINIC_HOME") or Path(__file__).resolve().parent.parent)

CONTENT = ROOT / "content"
CLINIC_FILE = CONTENT / "clinic.yml"
FACTS_FILE = CONTENT / "facts.yml"
DATA = ROOT / "data"
MODELS = ROOT / "models"
VAR = ROOT / "var"
DOMAIN_FILE = ROOT / "domain.yml"
CONFIG_FILE = ROOT / "config.yml"
ENDPOINTS_FILE = ROOT / "endpoints.yml"
CREDENTIALS_FILE = ROOT / "credentials.yml"


def var_path(name: str) -> Path:
    """Return the path of a run-time file in `var/`, making the folder when it is not there."""
    VAR.mkdir(mode=0o700, parents=True, exist_ok=True)
    return VAR / name

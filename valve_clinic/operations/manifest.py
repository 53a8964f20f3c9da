"""The SHA-256 of each model that was trained here, in a file beside it: a server loads nothing else."""

from __future__ import annotations

import hashlib
import os
import re
from importlib import metadata
from pathlib import Path

from valve_clinic.operations.finding import Finding

#: The libraries that a model's parts belong to.
MADE_WITH = ("rasa", "spacy", "onnxruntime")
_LINE = re.compile(r"^([0-9a-f]{64})  (\S+)$")
_TRAIN = "train it again: valve-clinic train --force"


def manifest_path(model: Path) -> Path:
    """Return the file beside the model that has its hash."""
    return model.with_name(f"{model.name}.sha256")


def write(model: Path) -> Path:
    """Write the model's hash, and what it was made with, beside it; `sha256sum -c` can read the file."""
    made_with = " ".join(f"{name}={version}" for name, version in _versions().items())
    path = manifest_path(model)
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(f"# {made_with}\n{sha256(model)}  {model.name}\n", encoding="utf-8")
    os.replace(fresh, path)  # noqa: PTH105
    return path


def check(model: Path) -> list[Finding]:
    """Return why the model must not be loaded: missing, unknown, changed, cut short, or of another Rasa."""
    if not model.is_file():
        others = sorted(model.parent.glob("*.tar.gz"))
        of_other = f" (the {len(others)} in {model.parent}/ are of other data)" if others else ""
        return [Finding(f"there is no model of the present data{of_other}", "run: valve-clinic train")]
    try:
        text = manifest_path(model).read_text(encoding="utf-8")
    except FileNotFoundError:
        mend = "if it was trained here run: valve-clinic model --trust; else train it again: valve-clinic train --force"
        return [Finding(f"the hash of the model {model.name} is unknown", mend)]
    except (OSError, UnicodeDecodeError) as error:
        return [Finding(f"{manifest_path(model)} cannot be read ({type(error).__name__})", _TRAIN)]
    lines = text.splitlines()
    known = [match[1] for match in map(_LINE.match, lines) if match and match[2] == model.name]
    if not known:
        return [Finding(f"{manifest_path(model)} has no hash of {model.name}", _TRAIN)]
    if sha256(model) != known[0]:
        return [Finding(f"the model {model.name} is not the one that was trained: its hash differs", _TRAIN)]
    made_with = dict(
        word.split("=", 1) for line in lines if line.startswith("# ") for word in line.split() if "=" in word
    )
    old = [
        f"{name} {made_with.get(name)}, not {version}"
        for name, version in _versions().items()
        if made_with.get(name) != version
    ]
    return [Finding(f"the model {model.name} was made with {old[0]}", _TRAIN)] if old else []


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in MADE_WITH}

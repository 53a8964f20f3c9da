"""JSON Schemas of the content files, from the models, for editors that complete and underline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic.tools import schema_of

from valve_clinic import paths
from valve_clinic.content import house_rules, responses, schema

#: File name (without .schema.json) and what the file holds.
KINDS: dict[str, Any] = {
    "topic": schema.Topic,
    "clinic": schema.Clinic,
    "clinic_words": schema.ClinicWords,
    "facts": list[schema.Fact],
    "rules": house_rules.HouseRules,
    "language_rules": house_rules.LanguageRules,
    "terms": house_rules.Terms,
    "required": house_rules.Required,
    "responses": responses.Responses,
}


def texts() -> dict[str, str]:
    """Return the schemas by file name."""
    return {f"{name}.schema.json": _text(name, model) for name, model in KINDS.items()}


def write(folder: Path = paths.CONTENT / "schema") -> list[Path]:
    """Write the schemas into `folder` and return their paths."""
    folder.mkdir(exist_ok=True)
    for name, text in texts().items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts()]


def _text(name: str, model: Any) -> str:
    found = schema_of(model, title=name)
    # Pydantic 1 drops the null of an optional value.
    _allow_null(found)
    return (
        json.dumps({"$schema": "http://json-schema.org/draft-07/schema#", **found}, indent=2, ensure_ascii=False) + "\n"
    )


def _allow_null(found: dict[str, Any]) -> None:
    definitions = found.get("definitions", {})
    for name, definition in definitions.items():
        fields = getattr(getattr(schema, name, None) or getattr(house_rules, name, None), "__fields__", {})
        for key, shape in definition.get("properties", {}).items():
            if key in fields and fields[key].allow_none:
                definition["properties"][key] = {"anyOf": [shape, {"type": "null"}]}

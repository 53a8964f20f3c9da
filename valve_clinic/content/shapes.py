"""Reads a YAML file into its model, and says in words what does not fit."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from valve_clinic.content import yaml_file
from valve_clinic.content.problems import ContentError, Problem
from valve_clinic.content.yaml_file import Document

_Model = TypeVar("_Model", bound=BaseModel)
#: How to mend an error of pydantic's, by the beginning of its type.
_MENDS = (
    ("value_error.missing", "add the key with a value; docs/content.md shows a whole file"),
    ("value_error.extra", "correct the spelling or take the line out"),
    ("value_error.const", "write one of the values that are named"),
    ("value_error.list", "add or take out items until the number fits"),
    ("value_error.any_str.max_length", "shorten the text"),
    ("value_error.any_str.min_length", "write the text out"),
    ("value_error.str.regex", "write it in the form that is named"),
    ("value_error.date", 'write a date such as "2027-05-23"'),
    ("type_error.none", "write a value"),
    ("type_error", "look at the same place of another file: something of another kind belongs here"),
    ("value_error", "write what the sentence before asks for"),
)


def read_mapping(path: Path, model: type[_Model]) -> tuple[_Model, Document]:
    """Return the file as a `model`, and as it was read; raises `ContentError` with every line that does not fit."""
    document = yaml_file.read(path)
    if not isinstance(document.data, dict):
        mend = "write key: value lines; docs/content.md shows a whole file"
        raise ContentError([Problem(path, 1, "the file must be a mapping (key: value)", mend)])
    try:
        return model.parse_obj(document.data), document
    except ValidationError as error:
        raise ContentError(from_pydantic(path, document, error, drop=0)) from None


def from_pydantic(path: Path, document: Document, error: ValidationError, drop: int) -> list[Problem]:
    """Return pydantic's errors as problems; the first `drop` parts of a location are not the file's."""
    problems = []
    for item in error.errors():
        location = list(item["loc"])[drop:]
        where = ".".join(str(part) for part in location)
        message = item["msg"]
        if item["type"] == "value_error.extra":
            message = "unknown key; check its spelling"
        mend = next(text for kind, text in (*_MENDS, ("", "correct the value")) if item["type"].startswith(kind))
        problems.append(Problem(path, document.line_of(location), f"{where}: {message}", mend))
    return problems

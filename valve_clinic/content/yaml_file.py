"""YAML files read with the line of every value, so that an error can say where it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from valve_clinic.content.problems import ContentError, Problem

#: What is wrong most often when a file is no YAML.
_MEND = "look at the indentation, the quotes and the colons of this line and the one before"


def read(path: Path) -> Any:
    """Return the file's content as ruamel's round-trip nodes; raises `ContentError` with the line of a syntax error."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ContentError([Problem(path, 1, "the file is missing", "put it back from the last version")]) from None
    except UnicodeDecodeError as error:
        raise ContentError([Problem(path, 1, f"not UTF-8 text (byte {error.start})", "save it as UTF-8")]) from None
    try:
        return YAML(typ="rt", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 1
        raise ContentError([Problem(path, line, f"not valid YAML: {error.problem or error}", _MEND)]) from None
    except (YAMLError, ValueError, KeyError, RecursionError) as error:
        # ruamel makes dates, numbers and tags itself, and lets the errors of that through.
        raise ContentError([Problem(path, 1, f"not valid YAML: {type(error).__name__}: {error}", _MEND)]) from None


def line_of(node: Any, location: Sequence[str | int]) -> int:
    """Return the line (from 1) of the value at `location`, or of the nearest parent that has one."""
    line = 1
    for key in location:
        marks = getattr(node, "lc", None)
        if marks is None:
            break
        try:
            mark = marks.key(key) if isinstance(node, dict) else marks.item(key)
            line = mark[0] + 1
            node = node[key]
        except (KeyError, IndexError, TypeError, AttributeError):
            break
    return line


def plain(node: Any) -> Any:
    """Return the node as plain dicts, lists and scalars."""
    if isinstance(node, dict):
        return {str(key): plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [plain(value) for value in node]
    if isinstance(node, str):
        return str(node)
    return node

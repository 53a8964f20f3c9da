"""YAML files read with the line of every value, so that an error can say where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from valve_clinic.content.problems import ContentError, Problem

#: What is wrong most often when a file is no YAML.
_MEND = "look at the indentation, the quotes and the colons of this line and the one before"
#: ruamel makes dates, numbers and tags itself, and lets the errors of that through.
_ERRORS = (YAMLError, ValueError, KeyError, TypeError, RecursionError)


@dataclass(frozen=True)
class Document:
    """A file as it was read: plain dicts with text keys, lists and scalars; and where each of them stands."""

    data: Any
    text: str
    #: Whether ruamel's own parser read it.
    pure: bool = False

    def line_of(self, location: Sequence[str | int]) -> int:
        """Return the line (from 1) of the value at `location`, or of the nearest parent that there is."""
        line, node = 1, self._root
        for key in location:
            beginning, node = _inside(node, key)
            if beginning is None:
                break
            line = beginning.start_mark.line + 1
        return line

    @cached_property
    def _root(self) -> Node | None:
        # Asked for when something is wrong, which it seldom is.
        return _parser(self.pure).compose(self.text)


def read(path: Path) -> Document:
    """Return the file's content; raises `ContentError` with the line of a syntax error."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ContentError([Problem(path, 1, "the file is missing", "put it back from the last version")]) from None
    except UnicodeDecodeError as error:
        raise ContentError([Problem(path, 1, f"not UTF-8 text (byte {error.start})", "save it as UTF-8")]) from None
    try:
        return Document(plain(_parser(pure=False).load(text)), text)
    except _ERRORS:
        pass  # libyaml also refuses what is right, such as an address inside braces
    try:
        return Document(plain(_parser(pure=True).load(text)), text, pure=True)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 1
        raise ContentError([Problem(path, line, f"not valid YAML: {error.problem or error}", _MEND)]) from None
    except _ERRORS as error:
        raise ContentError([Problem(path, 1, f"not valid YAML: {type(error).__name__}: {error}", _MEND)]) from None


def plain(node: Any) -> Any:
    """Return ruamel's nodes as plain dicts with text keys, lists and scalars."""
    if isinstance(node, dict):
        return {str(key): plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [plain(value) for value in node]
    if isinstance(node, str):
        return str(node)
    return node


def _parser(pure: bool) -> YAML:
    # libyaml takes a tenth of the time of ruamel's own parser, for which every start of the server would wait.
    return YAML(typ="safe", pure=pure)


def _inside(node: Node | None, key: str | int) -> tuple[Node | None, Node | None]:
    """Return where the value begins, a mapping's with its key, and the value; nothing when there is none."""
    if isinstance(node, MappingNode):
        return next(((name, value) for name, value in node.value if name.value == str(key)), (None, None))
    if isinstance(node, SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key], node.value[key]
    return None, None

"""The order and the headings under which a reader looks through the topics; data in `groups.yml`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Group:
    """A heading and the topics below it."""

    title: str
    topics: tuple[str, ...]


@lru_cache(maxsize=1)
def all_groups() -> tuple[Group, ...]:
    """Return the groups of the file, in its order, without the heading for others."""
    return tuple(Group(item["title"], tuple(item["topics"])) for item in _data()["groups"])


def browsed_from() -> str:
    """Return the topic whose answer offers all others."""
    return str(_data()["browsed_from"])


def grouped(topics: Iterable[str]) -> list[Group]:
    """Return the given topics in their groups; a topic without one comes last, an empty group is left out."""
    left = dict.fromkeys(topics)
    found = []
    for group in all_groups():
        inside = tuple(topic for topic in group.topics if topic in left)
        for topic in inside:
            del left[topic]
        if inside:
            found.append(Group(group.title, inside))
    return found + ([Group(str(_data()["others"]), tuple(left))] if left else [])


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("groups.yml").read_text(encoding="utf-8"))
    return data

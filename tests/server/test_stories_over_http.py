"""The story files replayed over HTTP: `rasa test` predicts actions and never runs them, these replies are real."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from support import Chat

from valve_clinic import paths

pytestmark = pytest.mark.server
FILES = ("test_stories.yml", "followup_stories.yml", "fallback_stories.yml")
ANNOTATION = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")


def stories() -> list[Any]:
    found = []
    for name in FILES:
        data = yaml.safe_load((paths.ROOT / "tests" / name).read_text(encoding="utf-8"))
        found += [pytest.param(story, id=story["story"]) for story in data["stories"]]
    return found


def said(story: dict[str, Any]) -> list[str]:
    return [ANNOTATION.sub(r"\1", step["user"].strip()) for step in story["steps"] if "user" in step]


@pytest.mark.parametrize("story", stories())
def test_each_turn_gets_the_replies_the_story_expects(chat: Chat, story: dict[str, Any]) -> None:
    for text, expected in zip(said(story), story["metadata"]["replies"], strict=True):
        got = [{key: reply[key] for key in ("kind", "topic", "variant")} for reply in chat.say(text)]
        assert got == expected, f"after {text!r}"


def test_story_names_are_unique() -> None:
    names = [parameter.id for parameter in stories()]
    assert len(names) == len(set(names))

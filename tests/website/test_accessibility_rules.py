"""axe-core in twelve states of the widget: no violation of WCAG 2.0, 2.1, 2.2 (A, AA) and of best practice.

Each state is also written as a picture to var/screenshots/. axe finds only some of what can be wrong: the other files
of this folder test what it cannot see, and a real screen reader is not tested at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import expect

from .conftest import Visitor
from .screens import STATES, reach, take_picture

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(chat: Visitor) -> list[str]:
    """Return what axe finds wrong, as lines `rule: element`."""
    # axe goes into a world of its own, past the page's content security policy, as a browser extension does.
    chat.page.evaluate(AXE_SCRIPT + "; 0")
    found: dict[str, Any] = chat.page.evaluate("tags => axe.run(document, { runOnly: tags })", TAGS)
    assert len(found["passes"]) > 10
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found["violations"] for node in rule["nodes"]]


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing_wrong(state: str, visit: Callable[..., Visitor]) -> None:
    chat = reach(state, visit)
    take_picture(chat, state)
    assert violations(chat) == []


def test_axe_would_find_something(visit: Callable[..., Visitor]) -> None:
    """The rules reach into the widget: without its name the field is a violation."""
    chat = visit().open()
    chat.page.evaluate("tools.root().querySelector('label').remove()")
    expect(chat.field).to_be_visible()
    assert any(line.startswith("label: <textarea") for line in violations(chat))

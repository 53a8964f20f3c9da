"""The widget's states, and how a visitor gets to each."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from valve_clinic import paths

from .conftest import Visitor

STATES = [
    "closed",
    "open",
    "answer",
    "buttons",
    "clarify",
    "emergency",
    "error",
    "restored",
    "dark",
    "320px",
    "topics",
    "share",
]
PICTURES = paths.ROOT / "var" / "screenshots"


def reach(state: str, visit: Callable[..., Visitor]) -> Visitor:
    """Return a visitor who sees the widget in the state."""
    if state == "dark":
        return visit(color_scheme="dark").open().say("signed")
    if state == "320px":
        return visit(viewport={"width": 320, "height": 568}).open().say("how long?")
    chat = visit()
    if state == "closed":
        return chat
    chat.open()
    if state == "answer":
        chat.say("signed").say("table")
    elif state == "buttons":
        chat.say("dizzy", "check")
    elif state in ("clarify", "emergency"):
        chat.say("unsure" if state == "clarify" else "chest pain now", state)
    elif state == "share":
        chat.say("book", "handoff")
        chat.page.get_by_role("button", name="Share my messages with the clinic").click()
        expect(chat.page.get_by_text("May staff who have your code")).to_be_visible()
    elif state == "topics":
        chat.say("topics")
        chat.page.locator("summary").click()
        expect(chat.page.get_by_role("button", name="Question number 28?")).to_be_visible()
    elif state == "error":
        chat.site.fails(503)
        chat.say("how long?", "failure")
    elif state == "restored":
        chat.say("how long?")
        chat.page.reload()
        expect(chat.bot("answer")).to_have_count(1)
    return chat


def take_picture(chat: Visitor, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    chat.page.screenshot(path=PICTURES / f"{name}.png")

"""What a screen reader is told: every reply once, the history never again. The live regions are watched from outside.

This is what the markup asks for; what NVDA, JAWS, VoiceOver or TalkBack make of it is not tested.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .conftest import Visitor


@pytest.fixture
def listener(visit: Callable[..., Visitor]) -> Visitor:
    chat = visit()
    chat.page.evaluate("tools.watchLive()")
    return chat.open()


def told(chat: Visitor) -> list[tuple[str, str]]:
    return [(how, text.strip()) for how, text in chat.see("getTold")]


def times(chat: Visitor, words: str) -> int:
    return sum(text.count(words) for _, text in told(chat))


def test_the_welcome_and_the_privacy_notice_are_told_once(listener: Visitor) -> None:
    assert times(listener, "Hello! I can answer") == 1
    assert times(listener, "Please do not type your name") == 1
    assert times(listener, "Loading the conversation") == 1


def test_an_answer_is_told_once_with_who_says_it_and_that_it_comes(listener: Visitor) -> None:
    listener.say("how long?")
    assert times(listener, "2 to 3 days") == 1
    assert [how for how, text in told(listener) if text.startswith("Clinic chat: After MitraClip")] == ["polite"]
    assert times(listener, "Writing an answer") == 1
    assert times(listener, "Hello! I can answer") == 1, "what was there before is not told again"


def test_two_replies_of_one_turn_are_told_once_each_in_their_order(listener: Visitor) -> None:
    listener.say("dizzy", "check")
    texts = [text for _, text in told(listener)]
    check = next(index for index, text in enumerate(texts) if "If this is happening now" in text)
    assert "Some people feel dizzy" in texts[check + 1]
    assert times(listener, "If this is happening now") == times(listener, "Some people feel dizzy") == 1


def test_an_emergency_interrupts(listener: Visitor) -> None:
    listener.say("chest pain", "emergency")
    assert [how for how, text in told(listener) if "Do not drive yourself" in text] == ["assertive"]


def test_a_failure_interrupts_and_is_told_once(listener: Visitor) -> None:
    listener.site.fails(503)
    listener.say("how long?", "failure")
    assert [how for how, text in told(listener) if "cannot answer now" in text] == ["assertive"]


def test_what_was_sent_deleted_copied_and_rated_is_told(listener: Visitor) -> None:
    listener.say("how long?")
    listener.page.get_by_role("button", name="Yes, this was helpful").click()
    expect(listener.page.get_by_text("Thank you for telling us.")).to_be_visible()
    listener.page.get_by_role("button", name="Menu").click()
    listener.page.get_by_role("button", name="Delete this conversation").click()
    listener.page.get_by_role("button", name="Yes, delete it").click()
    expect(listener.page.get_by_text("The conversation was deleted.")).to_be_visible()
    assert times(listener, "Thank you for telling us.") == 1
    assert times(listener, "The conversation was deleted.") == 1


def test_the_count_of_characters_is_told_at_the_limit_only(listener: Visitor) -> None:
    listener.field.fill("x" * 420)
    expect(listener.page.locator("#left")).to_have_text("80 characters left")
    assert times(listener, "80 characters") == 0
    listener.field.fill("x" * 500)
    assert times(listener, "The limit of 500 characters is reached.") == 1


def test_a_restored_conversation_is_not_read_again(listener: Visitor) -> None:
    chat = listener.say("how long?").say("chest pain", "emergency")
    chat.page.add_init_script("addEventListener('DOMContentLoaded', () => tools.watchLive())")
    chat.page.reload()
    expect(chat.bot("emergency")).to_have_count(1)
    chat.until("tools.root().querySelector('.log').getAttribute('aria-live') === 'polite'")
    assert [text for _, text in told(chat) if text != "Loading the conversation…"] == []
    chat.say("how long?")
    assert times(chat, "2 to 3 days") == 1, "what comes after is told as before"


def test_printing_does_not_speak(listener: Visitor) -> None:
    listener.page.evaluate("window.print = () => {}")
    listener.page.get_by_role("button", name="Menu").click()
    listener.page.get_by_role("button", name="Print conversation").click()
    assert times(listener, "Printed on") == 0

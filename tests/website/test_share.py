"""A patient lets the clinic's staff read the messages: only on purpose, and so that it is seen and heard to be done."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from .conftest import Visitor
from .fake import reply

SHARE = "Share my messages with the clinic"
ASK = "May staff who have your code read all your messages in this chat?"
DONE = "Staff who have your code can read all your messages in this chat."


def button(chat: Visitor, name: str) -> Locator:
    return chat.bot("handoff").get_by_role("group", name=SHARE).get_by_role("button", name=name, exact=True)


@pytest.fixture
def handed_off(chat: Visitor) -> Visitor:
    chat.site.answers(reply("handoff", "Call the clinic.\n\nYour code is 4F7K-9QXM.", reference="4F7K-9QXM"))
    return chat.say("a person", "handoff")


def test_only_a_reply_with_a_code_offers_to_share(chat: Visitor) -> None:
    chat.site.answers(reply("handoff", "Call the clinic."))
    chat.say("a person", "handoff").say("how long?")
    expect(chat.page.get_by_text(SHARE)).to_have_count(0)


def test_nothing_is_shared_before_the_question_is_answered_with_yes(handed_off: Visitor) -> None:
    button(handed_off, SHARE).press("Enter")
    expect(handed_off.page.get_by_text(ASK)).to_be_visible()
    expect(button(handed_off, "No")).to_be_focused()
    assert handed_off.site.sent("share") == []
    button(handed_off, "No").press("Enter")
    expect(button(handed_off, SHARE)).to_be_focused()
    expect(handed_off.page.get_by_text(ASK)).to_have_count(0)
    assert handed_off.site.sent("share") == []


def test_what_is_shared_is_said_once_for_all_replies_with_the_code_and_after_a_reload(handed_off: Visitor) -> None:
    handed_off.site.answers(reply("handoff", "Call again.", reference="4F7K-9QXM"))
    handed_off.say("a person", "handoff")
    button(handed_off, SHARE).first.click()
    button(handed_off, "Yes").click()
    expect(handed_off.page.get_by_text(DONE)).to_have_count(2)
    reply_id = handed_off.bot("handoff").first.get_attribute("data-id")
    assert handed_off.site.sent("share") == [{"reply": reply_id}]
    assert handed_off.focused() == "#field", "the focus is not lost with the button"
    handed_off.page.reload()
    expect(handed_off.page.get_by_text(DONE)).to_have_count(2)
    expect(button(handed_off, SHARE)).to_have_count(0)


def test_another_chats_code_is_not_said_to_be_shared(handed_off: Visitor) -> None:
    handed_off.site.answers(reply("handoff", "Call again.", reference="CCCC-3333"))
    handed_off.say("a person", "handoff")
    button(handed_off, SHARE).first.click()
    button(handed_off, "Yes").click()
    expect(handed_off.page.get_by_text(DONE)).to_have_count(1)
    expect(button(handed_off, SHARE)).to_have_count(1)


def test_what_fails_says_so_and_can_be_tried_again(handed_off: Visitor) -> None:
    button(handed_off, SHARE).click()
    handed_off.site.down = True
    button(handed_off, "Yes").click()
    expect(handed_off.page.get_by_role("status")).to_have_text("Sorry, that could not be saved.")
    expect(handed_off.page.get_by_text(DONE)).to_have_count(0)
    handed_off.site.down = False
    button(handed_off, "Yes").click()
    expect(handed_off.page.get_by_text(DONE)).to_have_count(1)


def test_a_deleted_chat_is_not_shared_any_more(handed_off: Visitor) -> None:
    button(handed_off, SHARE).click()
    button(handed_off, "Yes").click()
    expect(handed_off.page.get_by_text(DONE)).to_have_count(1)
    handed_off.page.get_by_role("button", name="Menu").click()
    handed_off.page.get_by_role("button", name="Delete this conversation").click()
    handed_off.page.get_by_role("button", name="Yes, delete it").click()
    expect(handed_off.page.get_by_text("The conversation was deleted.")).to_be_visible()
    handed_off.site.answers(reply("handoff", "Call the clinic.", reference="CCCC-3333"))
    handed_off.say("a person", "handoff")
    expect(button(handed_off, SHARE)).to_have_count(1)

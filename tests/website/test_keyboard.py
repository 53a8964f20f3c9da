"""A whole conversation by keyboard alone, and the focus, which is never lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .conftest import Visitor
from .fake import answer


def tab_to(chat: Visitor, text: str, key: str = "Tab") -> None:
    """Press Tab until what has the focus says `text`."""
    seen = []
    for _ in range(60):
        seen.append(chat.page.evaluate("tools.focusText()"))
        if seen[-1].startswith(text):
            return
        chat.page.keyboard.press(key)
    pytest.fail(f"{text!r} cannot be reached with {key}; on the way: {seen}")


@pytest.fixture
def visitor(visit: Callable[..., Visitor]) -> Visitor:
    """A visitor whose hands never leave the keyboard; the focus is watched in each frame from now on."""
    chat = visit()
    chat.page.evaluate("tools.watchFocus()")
    return chat


@pytest.fixture
def keyboard(visitor: Visitor) -> Visitor:
    """The same, with the chat open."""
    tab_to(visitor, "Ask about your heart valve")
    visitor.page.keyboard.press("Enter")
    expect(visitor.bot("notice")).to_be_visible()
    assert visitor.focused() == "#field"
    return visitor


def type_in(chat: Visitor, text: str, kind: str) -> None:
    before = chat.bot(kind).count()
    tab_to(chat, "") if chat.focused() == "#field" else pytest.fail("the field has not the focus")
    chat.page.keyboard.type(text)
    chat.page.keyboard.press("Enter")
    expect(chat.bot(kind)).to_have_count(before + 1)


def test_a_whole_conversation(keyboard: Visitor) -> None:
    chat, press = keyboard, keyboard.page.keyboard.press
    tab_to(chat, "What is MitraClip?", "Shift+Tab")
    press("Enter")
    expect(chat.bot("answer")).to_have_count(1)
    assert chat.focused() == "#field", "the button is gone; the reader goes on typing"

    type_in(chat, "unsure", "clarify")
    tab_to(chat, "How long is recovery?", "Shift+Tab")
    press("Space")
    expect(chat.bot("answer")).to_have_count(2)

    tab_to(chat, "Yes, this was helpful", "Shift+Tab")
    press("Enter")
    expect(chat.page.get_by_text("Thank you for telling us.")).to_be_visible()
    assert chat.focused() == "#field"
    assert chat.site.sent("feedback")[0]["helpful"] is True

    type_in(chat, "chest pain", "emergency")
    tab_to(chat, "Call 911", "Shift+Tab")
    assert chat.page.evaluate("tools.active().href") == "tel:911"

    tab_to(chat, "Menu", "Shift+Tab")
    press("Enter")
    tab_to(chat, "Delete this conversation")
    press("Enter")
    assert chat.page.evaluate("tools.focusText()") == "No, keep it", "the safe choice first"
    tab_to(chat, "Yes, delete it", "Shift+Tab")
    press("Enter")
    expect(chat.page.get_by_text("The conversation was deleted.")).to_be_visible()
    expect(chat.bot("answer")).to_have_count(0)

    press("Escape")
    expect(chat.dialog).to_be_hidden()
    assert chat.focused() == ".launcher"
    assert chat.see("getLost") == []


def test_retry_by_keyboard_keeps_the_focus(keyboard: Visitor) -> None:
    chat = keyboard
    chat.site.fails(503)
    type_in(chat, "how long?", "failure")
    assert chat.focused() == "#field"
    tab_to(chat, "Try again", "Shift+Tab")
    chat.page.keyboard.press("Enter")
    expect(chat.bot("answer")).to_have_count(1)
    assert chat.focused() == "#field"
    assert chat.see("getLost") == []


def test_the_focus_stays_where_it_is_when_an_answer_comes(keyboard: Visitor) -> None:
    chat = keyboard
    chat.site.holding = True
    chat.page.keyboard.type("how long?")
    chat.page.keyboard.press("Enter")
    tab_to(chat, "Menu", "Shift+Tab")
    chat.until("tools.root().querySelector('.dots')")
    chat.site.release()
    expect(chat.bot("answer")).to_have_count(1)
    assert chat.page.evaluate("tools.focusText()") == "Menu"


def test_quick_replies_that_vanish_under_the_focus_hand_it_on(keyboard: Visitor) -> None:
    chat = keyboard
    chat.site.holding = True
    tab_to(chat, "How long is recovery?", "Shift+Tab")
    chat.page.keyboard.press("Enter")
    chat.until("tools.root().querySelector('.dots')")
    assert chat.focused() == "#field"
    chat.site.release()
    expect(chat.bot("answer")).to_have_count(1)
    assert chat.see("getLost") == []


def test_escape_closes_the_menu_first_and_then_the_chat(keyboard: Visitor) -> None:
    chat, press = keyboard, keyboard.page.keyboard.press
    tab_to(chat, "Menu", "Shift+Tab")
    press("Enter")
    expect(chat.page.locator("#menu")).to_be_visible()
    press("Tab")
    press("Escape")
    expect(chat.page.locator("#menu")).to_be_hidden()
    assert chat.page.evaluate("tools.focusText()") == "Menu"
    press("Escape")
    expect(chat.dialog).to_be_hidden()
    assert chat.focused() == ".launcher"


def test_a_long_conversation_can_be_scrolled_by_keyboard(keyboard: Visitor) -> None:
    chat = keyboard
    for _ in range(4):
        type_in(chat, "how long?", "answer")
    for _ in range(40):
        if chat.focused() == ".log":
            break
        chat.page.keyboard.press("Shift+Tab")
    assert chat.focused() == ".log"
    top = "tools.root().querySelector('.log').scrollTop"
    before = chat.page.evaluate(top)
    chat.page.keyboard.press("PageUp")
    chat.until(f"{top} < {before}")


def test_shift_enter_makes_a_line_and_enter_sends(keyboard: Visitor) -> None:
    chat = keyboard
    chat.page.keyboard.type("one")
    chat.page.keyboard.press("Shift+Enter")
    chat.page.keyboard.type("two")
    chat.page.keyboard.press("Enter")
    expect(chat.bot("answer")).to_have_count(1)
    assert chat.site.sent("messages")[0]["text"] == "one\ntwo"


def test_an_input_method_that_confirms_a_word_with_enter_does_not_send(keyboard: Visitor) -> None:
    chat = keyboard
    chat.page.keyboard.type("dolor")
    chat.field.evaluate(
        "n => n.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true}))"
    )
    assert chat.site.sent("messages") == []


def test_on_a_phone_the_chat_is_modal_and_tab_stays_inside(visit: Callable[..., Visitor]) -> None:
    chat = visit(viewport={"width": 390, "height": 800}).open()
    assert chat.page.evaluate("tools.root().querySelector('dialog').matches(':modal')")
    for _ in range(15):
        chat.page.keyboard.press("Tab")
        inside = chat.page.evaluate("tools.root().activeElement !== null || document.activeElement === document.body")
        assert inside, "nothing of the covered page may be reached"


def test_beside_the_page_the_chat_is_not_modal(keyboard: Visitor) -> None:
    assert not keyboard.page.evaluate("tools.root().querySelector('dialog').matches(':modal')")


def test_turning_the_phone_keeps_focus_and_text(keyboard: Visitor) -> None:
    chat = keyboard
    chat.page.keyboard.type("half a quest")
    chat.page.set_viewport_size({"width": 400, "height": 800})
    chat.until("tools.root().querySelector('dialog').matches(':modal')")
    assert chat.focused() == "#field"
    expect(chat.field).to_have_value("half a quest")
    chat.page.set_viewport_size({"width": 1024, "height": 768})
    chat.until("!tools.root().querySelector('dialog').matches(':modal')")
    assert chat.focused() == "#field"


def test_focus_on_a_touch_screen_goes_to_the_conversation(visit: Callable[..., Visitor]) -> None:
    """The on-screen keyboard would cover the welcome."""
    chat = visit(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    chat.launcher.tap()
    expect(chat.bot("notice")).to_be_visible()
    assert chat.focused() == ".log"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_whatever_has_the_focus_shows_it(visit: Callable[..., Visitor], scheme: str) -> None:
    """A ring of at least 2 px that stands out 3:1 (WCAG 2.4.7, 2.4.13, 1.4.11)."""
    chat = visit(color_scheme=scheme)
    chat.page.keyboard.press("Tab")
    tab_to(chat, "Ask about your heart valve")
    rings = {"launcher": chat.see("focusRing")}
    chat.page.keyboard.press("Enter")
    expect(chat.bot("notice")).to_be_visible()
    chat.site.answers(answer(links=[{"title": "Plan your visit", "url": "/visit"}]))
    chat.say("links").say("chest pain", "emergency")
    chat.page.get_by_role("button", name="Menu").click()
    chat.page.keyboard.press("Shift+Tab")
    for _ in range(25):
        chat.page.keyboard.press("Tab")
        if chat.page.evaluate("tools.root().activeElement === null"):
            break
        rings[chat.page.evaluate("tools.focusText()")[:30] or chat.focused()] = chat.see("focusRing")
    assert len(rings) > 10
    weak = {
        where: ring
        for where, ring in rings.items()
        if ring["style"] == "none" or ring["width"] < 2 or ring["ratio"] < 3
    }
    assert weak == {}

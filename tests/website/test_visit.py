"""One visit: reloads, other pages, other tabs, the back button, and what is left behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import Visitor
from .fake import ORIGIN, STRICT

SCRIPT = '<script src="/webhooks/website/widget.js" defer></script>'
PAGE = '<!doctype html><html lang="en"><title>{0}</title><h1>{0}</h1>' + SCRIPT


@pytest.fixture
def chat(visit: Callable[..., Visitor]) -> Visitor:
    return visit(pages={"/other": PAGE.format("Other")}).open()


def stored(chat: Visitor) -> dict[str, Any]:
    return json.loads(chat.page.evaluate("sessionStorage.getItem('valve-clinic-chat')") or "{}")


def menu(chat: Visitor, item: str) -> None:
    chat.page.get_by_role("button", name="Menu").click()
    chat.page.get_by_role("button", name=item).click()


def test_a_reload_restores_what_was_said_in_its_order(chat: Visitor) -> None:
    chat.say("how long?").say("book", "handoff")
    texts = chat.page.locator(".log > .msg").all_inner_texts()
    chat.page.reload()
    expect(chat.bot("handoff")).to_have_count(1)
    assert chat.page.locator(".log > .msg").all_inner_texts() == texts
    assert len(chat.site.sent("session")) == 1


def test_another_page_of_the_site_goes_on_with_the_conversation(chat: Visitor) -> None:
    chat.say("how long?").field.fill("half a quest")
    chat.go("/other")
    expect(chat.bot("answer")).to_have_count(1)
    expect(chat.field).to_have_value("half a quest")
    assert chat.focused() != "#field", "a page that was just opened keeps its focus"
    chat.say("and then?")


def test_a_chat_that_was_closed_stays_closed_on_the_next_page(chat: Visitor) -> None:
    chat.say("how long?")
    chat.page.get_by_role("button", name="Close").click()
    chat.go("/other")
    expect(chat.launcher).to_be_visible()
    chat.launcher.click()
    expect(chat.bot("answer")).to_have_count(1)
    assert [body["event"] for body in chat.site.sent("events")] == ["closed"]


def test_on_a_phone_the_next_page_is_not_covered(visit: Callable[..., Visitor]) -> None:
    chat = visit(viewport={"width": 390, "height": 800}, pages={"/other": PAGE.format("Other")}).open()
    chat.say("how long?").go("/other")
    expect(chat.launcher).to_be_visible()
    expect(chat.dialog).to_be_hidden()


def test_a_message_under_way_when_the_page_goes_is_sent_again_under_its_id(chat: Visitor) -> None:
    chat.site.holding = True
    chat.say("how long?", kind=None)
    chat.until("tools.root().querySelector('.dots') !== null")
    chat.page.wait_for_timeout(100)
    chat.site.holding = False
    chat.go("/other")
    expect(chat.bot("answer")).to_have_count(1)
    expect(chat.page.locator(".me")).to_have_count(1)
    assert len({body["id"] for body in chat.site.sent("messages")}) == 1
    chat.site.held.clear()


def test_a_question_that_failed_waits_for_the_reader_after_a_reload(chat: Visitor) -> None:
    chat.site.fails(503)
    chat.say("how long?", "failure")
    chat.page.reload()
    expect(chat.bot("failure")).to_have_count(1)
    expect(chat.page.locator(".me")).to_contain_text("how long?")
    assert len(chat.site.sent("messages")) == 1
    chat.page.get_by_role("button", name="Try again").click()
    expect(chat.bot("answer")).to_have_count(1)


def test_a_reload_after_the_session_ended_begins_anew_and_keeps_what_is_typed(chat: Visitor) -> None:
    chat.say("how long?").field.fill("half a quest")
    chat.site.sessions.clear()
    chat.page.reload()
    expect(chat.bot("notice")).to_be_visible()
    expect(chat.bot("answer")).to_have_count(0)
    expect(chat.field).to_have_value("half a quest")


def test_a_reload_while_the_server_is_away_can_be_tried_again(chat: Visitor) -> None:
    chat.say("how long?")
    chat.site.down = True
    chat.page.reload()
    expect(chat.bot("failure")).to_have_count(1)
    chat.site.down = False
    chat.page.get_by_role("button", name="Try again").click()
    expect(chat.bot("answer")).to_have_count(1)


def test_the_911_line_is_still_there_after_a_reload(chat: Visitor) -> None:
    chat.say("chest pain", "emergency")
    chat.page.reload()
    expect(chat.bot("emergency")).to_be_visible()
    expect(chat.page.locator(".bar")).to_be_visible()
    chat.say("how long?")
    expect(chat.page.locator(".bar")).to_be_hidden()


def test_two_tabs_are_two_conversations(chat: Visitor) -> None:
    chat.say("how long?")
    other = Visitor(chat.page.context.new_page(), chat.site, chat.wrong).go()
    expect(other.launcher).to_be_visible()
    other.open()
    expect(other.bot("answer")).to_have_count(0)
    other.say("chest pain", "emergency")
    chat.say("and then?")
    expect(chat.bot("emergency")).to_have_count(0)
    assert len(chat.site.sessions) == 2


def test_a_copied_tab_goes_on_and_survives_a_deletion_in_the_first(chat: Visitor) -> None:
    """A tab opened by the page takes a copy of its storage with it, and so the same session."""
    chat.say("how long?")
    with chat.page.expect_popup() as popup:
        chat.page.evaluate("void window.open('/other')")
    other = Visitor(popup.value, chat.site, chat.wrong)
    expect(other.bot("answer")).to_have_count(1)
    menu(chat, "Delete this conversation")
    chat.page.get_by_role("button", name="Yes, delete it").click()
    expect(chat.page.get_by_text("The conversation was deleted.")).to_be_visible()
    other.say("and after surgery?")
    expect(other.bot("failure")).to_have_count(0)
    chat.say("again")


def test_the_back_button_shows_what_was_said_on_the_page_after(chat: Visitor) -> None:
    chat.say("how long?").go("/other").say("and after surgery?")
    chat.page.go_back(wait_until="commit")
    expect(chat.page).to_have_url(ORIGIN + "/")
    expect(chat.bot("answer")).to_have_count(2)
    chat.say("third")
    expect(chat.bot("answer")).to_have_count(3)


def test_a_page_out_of_the_browsers_cache_catches_up(chat: Visitor) -> None:
    """A page that the browser kept alive runs no script again: it is told by `pageshow` only."""
    chat.say("how long?")
    token = stored(chat)["token"]
    chat.site.sessions[token].turns.append({"id": "p", "from": "patient", "text": "said elsewhere", "at": ""})
    chat.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(chat.page.get_by_text("said elsewhere")).to_be_visible()
    expect(chat.bot("answer")).to_have_count(1)


def test_a_cached_page_closes_when_the_chat_was_closed_on_the_next(chat: Visitor) -> None:
    data = {**stored(chat), "open": False}
    chat.page.evaluate("data => sessionStorage.setItem('valve-clinic-chat', JSON.stringify(data))", data)
    chat.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(chat.dialog).to_be_hidden()
    expect(chat.launcher).to_be_visible()


def test_deleting_leaves_nothing_in_the_browser_or_on_the_server(chat: Visitor) -> None:
    chat.say("a very private matter").field.fill("more of it")
    chat.say("how long?")
    first = stored(chat)["token"]
    menu(chat, "Delete this conversation")
    chat.page.get_by_role("button", name="Yes, delete it").click()
    expect(chat.page.get_by_text("The conversation was deleted.")).to_be_visible()
    expect(chat.bot("notice")).to_be_visible()
    expect(chat.page.locator(".me")).to_have_count(0)
    assert "conversation" in [path for path, _ in chat.site.calls]
    assert first not in chat.site.sessions
    assert "private" not in json.dumps(stored(chat))
    assert stored(chat)["token"] != first


def test_keeping_the_conversation_keeps_it(chat: Visitor) -> None:
    chat.say("how long?")
    menu(chat, "Delete this conversation")
    chat.page.get_by_role("button", name="No, keep it").click()
    expect(chat.bot("answer")).to_have_count(1)
    assert "conversation" not in [path for path, _ in chat.site.calls]


def test_nothing_is_stored_but_in_the_visits_own_storage(chat: Visitor) -> None:
    chat.say("how long?")
    page = chat.page
    assert page.evaluate("localStorage.length") == 0
    assert page.evaluate("document.cookie") == ""
    assert page.context.cookies() == []
    assert page.evaluate("indexedDB.databases().then(all => all.length)") == 0
    assert page.evaluate("Object.keys(sessionStorage)") == ["valve-clinic-chat"]
    assert set(stored(chat)) <= {"token", "welcome", "safety", "open", "path", "draft", "pending", "rated"}


def test_copying_takes_the_whole_conversation_with_sources_and_numbers(visit: Callable[..., Visitor]) -> None:
    chat = visit(permissions=["clipboard-read", "clipboard-write"]).open()
    chat.say("table").say("book", "handoff")
    menu(chat, "Copy conversation")
    expect(chat.page.get_by_text("The conversation was copied.")).to_be_visible()
    text = chat.page.evaluate("navigator.clipboard.readText()")
    for words in (
        "You: table",
        "Hospital stay | 2 to 3 days",
        "American Heart Association",
        "tel:+15015523400",
        "VC-4821",
        "Hello!",
    ):
        assert words in text
    assert text.index("You: table") < text.index("You: book")


def test_a_copy_that_is_not_allowed_says_so(chat: Visitor) -> None:
    chat.page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    menu(chat, "Copy conversation")
    expect(chat.page.get_by_text("The conversation could not be copied.")).to_be_visible()


def test_printing_puts_the_conversation_alone_on_paper_and_then_tidies_up(chat: Visitor) -> None:
    chat.say("table").say("how long?")
    seen = (
        "[getComputedStyle(document.querySelector('main')).display, "
        "tools.style(['.form', 'display']), tools.style(['.log', 'overflowY'])]"
    )
    chat.page.evaluate("window.print = () => {}")
    chat.page.emulate_media(media="print")
    expect(chat.dialog, "a page that is printed by hand is printed without the chat").to_be_hidden()
    chat.page.evaluate("tools.root().querySelectorAll('.item')[1].click()")
    assert chat.page.evaluate(seen) == ["none", "none", "visible"]
    expect(chat.page.get_by_text("General information, not medical advice.")).to_be_visible()
    assert chat.page.evaluate("tools.root().querySelector('dialog').getBoundingClientRect().width") > 900
    assert chat.page.evaluate("getComputedStyle(tools.root().querySelector('.msg')).color") == "rgb(0, 0, 0)"
    chat.page.evaluate("dispatchEvent(new Event('afterprint'))")
    chat.page.emulate_media(media="screen")
    expect(chat.page.locator("main")).to_be_visible()
    expect(chat.page.get_by_text("General information, not medical advice.")).to_have_count(0)
    chat.say("and then?")


def test_feedback_is_asked_once_per_answer(chat: Visitor) -> None:
    chat.say("how long?")
    chat.page.get_by_role("button", name="Yes, this was helpful").click()
    expect(chat.page.get_by_text("Thank you for telling us.")).to_be_visible()
    reply_id = chat.bot("answer").get_attribute("data-id")
    assert chat.site.sent("feedback") == [{"reply": reply_id, "helpful": True}]
    chat.page.reload()
    expect(chat.bot("answer")).to_have_count(1)
    expect(chat.page.get_by_text("Was this helpful?")).to_have_count(0)


def test_feedback_is_not_asked_on_danger_or_notices(chat: Visitor) -> None:
    chat.say("chest pain", "emergency").say("hopeless", "crisis").say("swollen", "same_day")
    expect(chat.page.get_by_text("Was this helpful?")).to_have_count(0)


def test_clicks_on_phone_numbers_and_links_are_told(chat: Visitor) -> None:
    chat.page.evaluate("document.addEventListener('click', event => event.preventDefault())")
    chat.say("book", "handoff").say("visit").say("chest pain", "emergency")
    chat.bot("handoff").locator("a").click()
    chat.page.locator('a[href="/visit"]').click()
    chat.bot("emergency").locator("a").click()
    chat.page.locator(".bar a").click()
    chat.page.get_by_role("button", name="Menu").click()
    chat.page.locator(".menu a").click()
    events = [(body["event"], body.get("target")) for body in chat.site.sent("events")]
    assert events == [
        ("phone_clicked", "tel:+15015523400"),
        ("link_clicked", "/visit"),
        ("phone_clicked", "tel:911"),
        ("phone_clicked", "tel:911"),
        ("phone_clicked", "tel:+15015523400"),
    ]


def test_two_scripts_on_one_page_make_one_chat(visit: Callable[..., Visitor]) -> None:
    double = PAGE.format("Double") + '<script src="/webhooks/website/widget.js?2" defer></script>'
    chat = visit(path="/double", pages={"/double": double}, csp=STRICT)
    assert chat.page.evaluate("document.querySelectorAll('valve-clinic-chat').length") == 1
    chat.open().say("how long?")


def test_an_element_that_is_moved_or_removed_does_no_harm(chat: Visitor) -> None:
    chat.say("how long?")
    chat.page.evaluate("document.body.prepend(document.querySelector('valve-clinic-chat'))")
    expect(chat.bot("answer")).to_have_count(1)
    chat.page.evaluate("document.querySelector('valve-clinic-chat').remove()")
    chat.page.keyboard.press("Escape")
    assert chat.wrong == []

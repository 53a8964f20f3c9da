"""What can go wrong between a patient and the clinic: the typed text is kept, and there is always a way on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, Route, expect

from .conftest import Visitor
from .fake import API, ORIGIN, answer, notice

CLINIC = 'a[href="tel:+15015523400"]'


@pytest.mark.parametrize("status", [0, 500, 502, 503, 404])
def test_a_failure_keeps_the_question_and_retry_sends_the_same_message(chat: Visitor, status: int) -> None:
    if status:
        chat.site.fails(status)
    else:
        chat.site.down = True
    chat.say("how long?", "failure")
    box = chat.bot("failure")
    expect(chat.page.locator(".me")).to_have_text("You: how long?")
    expect(box.locator(CLINIC)).to_be_visible()
    expect(box).to_contain_text("911")
    chat.site.down = False
    box.get_by_role("button", name="Try again").click()
    expect(chat.bot("answer")).to_have_count(1)
    expect(box).to_have_count(0)
    first, second = chat.site.sent("messages")
    assert first == second, "the same id: answered once, stored once"


def test_an_empty_answer_is_a_failure_and_never_silence(chat: Visitor) -> None:
    chat.site.answers()
    chat.say("how long?", "failure")
    expect(chat.bot("failure").locator(CLINIC)).to_be_visible()


@pytest.mark.parametrize("body", ["", "<html>", "[]", "null", '{"replies": [null, {"text": 1}]}'])
def test_an_answer_that_is_not_of_this_contract_is_a_failure(chat: Visitor, body: str) -> None:
    chat.page.route("**/messages", lambda route: route.fulfill(body=body, content_type="application/json"))
    chat.say("how long?", "failure")
    expect(chat.bot("failure")).to_contain_text("call the Valve Clinic")


@pytest.mark.parametrize("status", [400, 413, 415, 422, 429])
def test_what_is_wrong_with_the_message_itself_goes_back_into_the_field(chat: Visitor, status: int) -> None:
    chat.site.fails(status, notice("Please wait a moment. Call 501.552.3400. In an emergency, call 911."))
    chat.say("how long?", "failure")
    expect(chat.field).to_have_value("how long?")
    expect(chat.bot("failure")).to_contain_text("Please wait a moment.")
    expect(chat.page.locator(".me")).to_have_count(0)


def test_what_was_typed_meanwhile_is_not_overwritten(chat: Visitor) -> None:
    chat.site.holding = True
    chat.site.fails(429)
    chat.say("how long?", kind=None)
    chat.until("tools.root().querySelector('.dots') !== null")
    chat.field.fill("something else")
    chat.site.release()
    expect(chat.bot("failure")).to_have_count(1)
    expect(chat.field).to_have_value("something else")
    chat.bot("failure").get_by_role("button", name="Try again").click()
    expect(chat.bot("answer")).to_have_count(1)


def test_an_expired_session_is_renewed_and_the_text_sent_again(chat: Visitor) -> None:
    chat.say("how long?")
    chat.site.sessions.clear()
    chat.say("and after surgery?")
    expect(chat.page.locator(".me")).to_have_count(2)
    expect(chat.bot("failure")).to_have_count(0)
    assert [body["text"] for body in chat.site.sent("messages")] == [
        "how long?",
        "and after surgery?",
        "and after surgery?",
    ]


def test_a_button_of_an_expired_session_is_sent_as_its_words(chat: Visitor) -> None:
    chat.site.sessions.clear()
    chat.page.get_by_role("button", name="What is MitraClip?").click()
    expect(chat.bot("answer")).to_have_count(1)
    assert chat.site.sent("messages")[-1]["text"] == "What is MitraClip?"


def test_when_no_new_session_can_be_had_the_text_is_kept(chat: Visitor) -> None:
    chat.site.sessions.clear()
    chat.page.route("**/session", lambda route: route.abort())
    chat.say("how long?", "failure")
    expect(chat.page.locator(".me")).to_contain_text("how long?")
    chat.page.unroute("**/session")
    chat.page.get_by_role("button", name="Try again").click()
    expect(chat.bot("answer")).to_have_count(1)


def test_a_chat_that_cannot_be_reached_says_so_with_the_phone_and_can_be_tried_again(
    visit: Callable[..., Visitor],
) -> None:
    chat = visit()
    chat.site.down = True
    chat.launcher.click()
    expect(chat.bot("failure").locator(CLINIC)).to_be_visible()
    expect(chat.bot("failure")).to_contain_text("In an emergency call 911.")
    chat.field.fill("typed while waiting")
    chat.site.down = False
    chat.page.get_by_role("button", name="Try again").click()
    expect(chat.bot("notice")).to_be_visible()
    expect(chat.field).to_have_value("typed while waiting")


def test_a_slow_answer_shows_that_it_is_being_written(chat: Visitor) -> None:
    chat.site.holding = True
    chat.say("how long?", kind=None)
    expect(chat.page.locator(".status")).to_have_text("Writing an answer…")
    chat.field.fill("the next question")
    chat.site.release()
    expect(chat.bot("answer")).to_have_count(1)
    expect(chat.page.locator(".status")).to_have_text("")
    expect(chat.field).to_have_value("the next question")


def test_an_answer_that_takes_too_long_is_given_up_and_can_be_tried_again(visit: Callable[..., Visitor]) -> None:
    chat = visit()
    chat.page.clock.install()
    chat.open()
    chat.site.holding = True
    chat.say("how long?", kind=None)
    expect(chat.page.locator(".dots")).to_be_visible()
    chat.page.clock.fast_forward(8000)
    expect(chat.bot("failure")).to_have_count(1)
    chat.site.holding = False
    chat.page.get_by_role("button", name="Try again").click()
    expect(chat.bot("answer")).to_have_count(1)


def test_words_of_danger_do_not_wait_for_a_slow_answer(chat: Visitor) -> None:
    chat.site.holding = True
    chat.say("how long?", kind=None)
    chat.until("tools.root().querySelector('.dots') !== null")
    chat.site.holding = False
    chat.say("chest pain", "emergency")
    expect(chat.page.locator(".bar")).to_be_visible()
    chat.site.release()
    expect(chat.bot("answer")).to_have_count(1)
    kinds = chat.page.evaluate("[...tools.root().querySelectorAll('.log > .msg')].map(n => n.dataset.kind)")
    assert kinds[-4:] == ["patient", "answer", "patient", "emergency"], "each answer stands under its question"
    expect(chat.page.locator(".bar")).to_be_visible()


def test_a_reply_that_cannot_be_drawn_keeps_its_words(chat: Visitor) -> None:
    chat.site.answers(
        answer("One.", table={"head": None, "rows": [None]}), answer("Two.", links=7, buttons="x", source=3)
    )
    chat.say("odd", None)
    expect(chat.bot("answer")).to_have_count(2)
    expect(chat.bot("answer").first).to_contain_text("One.")
    expect(chat.bot("answer").last).to_contain_text("Two.")


def test_an_unknown_kind_is_shown_plainly(chat: Visitor) -> None:
    chat.site.answers({**answer("Something new."), "kind": "new_kind"})
    chat.say("odd", None)
    expect(chat.page.get_by_text("Something new.")).to_be_visible()


def test_a_browser_without_storage_can_chat(visit: Callable[..., Visitor]) -> None:
    chat = visit()
    chat.page.add_init_script(
        "Object.defineProperty(window, 'sessionStorage', {get() { throw new Error('blocked'); }})"
    )
    chat.go().open().say("how long?")


def test_a_failed_feedback_says_so_and_loses_no_focus(chat: Visitor) -> None:
    chat.say("how long?")

    def refuse(route: Route, request: Request) -> None:
        route.fulfill(status=503, body="{}")

    chat.page.route(f"{ORIGIN}{API}feedback", refuse)
    chat.page.get_by_role("button", name="No, this was not helpful").press("Enter")
    expect(chat.page.get_by_text("Sorry, that could not be saved.")).to_be_visible()
    assert chat.focused() == "#field"


def test_a_deletion_that_fails_deletes_nothing_on_the_screen(chat: Visitor) -> None:
    chat.say("how long?")
    chat.site.down = True
    delete(chat.page)
    expect(chat.page.get_by_text("could not be deleted")).to_be_visible()
    expect(chat.bot("answer")).to_have_count(1)


def delete(page: Page) -> None:
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Delete this conversation").click()
    page.get_by_role("button", name="Yes, delete it").click()

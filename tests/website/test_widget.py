"""The widget on the demonstration page, in a real Chromium."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect, sync_playwright
from support import Server

from valve_clinic import settings

pytestmark = pytest.mark.browser
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    path = settings.get("CHROMIUM") or "/usr/bin/chromium"
    if not Path(path).exists():
        reason = f"no browser at {path} (on Debian: apt-get install chromium)"
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def page(browser, server: Server) -> Iterator[Page]:
    """The demonstration page; fails the test on a console error or a request to another host."""
    context = browser.new_context()
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("console", lambda message: wrong.append(message.text) if is_error(message) else None)
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on(
        "request", lambda request: None if request.url.startswith((server.url, "tel:")) else wrong.append(request.url)
    )
    tab.goto(server.url + "/")
    yield tab
    context.close()
    assert wrong == []


def is_error(message: ConsoleMessage) -> bool:
    """Whether the console shows an error of the page's own; browsers ask for an icon that the page does not have."""
    return message.type == "error" and not message.location["url"].endswith("/favicon.ico")


def open_chat(page: Page) -> None:
    page.get_by_role("button", name="Ask about your heart valve").click()
    expect(page.locator(".msg.bot").first).to_be_visible()


def ask(page: Page, text: str) -> None:
    page.locator("#field").fill(text)
    page.keyboard.press("Enter")


def last_answer(page: Page):
    return page.locator('.msg.bot[data-kind="answer"]').last


def test_a_question_gets_its_answer_with_the_source(page: Page) -> None:
    open_chat(page)
    ask(page, "how long will i be in the hospital after the clip?")
    expect(last_answer(page)).to_contain_text("2 to 3 days")
    expect(last_answer(page).locator(".source")).to_contain_text("CHI St. Vincent Heart Institute")
    expect(last_answer(page)).not_to_contain_text("Reviewed")


def test_a_follow_up_button_is_answered(page: Page) -> None:
    open_chat(page)
    ask(page, "what is MitraClip?")
    expect(last_answer(page)).to_contain_text("TEER")
    page.get_by_role("button", name="What are the risks?").last.click()
    expect(last_answer(page)).to_contain_text("risks")
    expect(page.locator("#field")).to_be_focused()


def test_the_phone_link_is_there_and_its_click_is_recorded(page: Page, server: Server) -> None:
    open_chat(page)
    ask(page, "I want to talk to a person")
    link = page.locator('.msg.bot a[href="tel:+15015523400"]').last
    expect(link).to_be_visible()
    link.click()
    for _ in range(50):
        with sqlite3.connect(server.folder / "website.db") as database:
            events = database.execute("select event, target from website_event").fetchall()
        if ("phone_clicked", "tel:+15015523400") in events:
            return
        page.wait_for_timeout(100)
    pytest.fail(f"the click was not recorded: {events}")


def test_an_emergency_shows_the_911_link_and_keeps_it_in_view(page: Page) -> None:
    open_chat(page)
    ask(page, "i have crushing chest pain and cant breathe right now")
    expect(page.locator('.emergency a[href="tel:911"]')).to_be_visible()
    expect(page.locator(".bar")).to_be_visible()


def test_a_reload_restores_the_conversation(page: Page) -> None:
    open_chat(page)
    ask(page, "is a leaky valve hereditary?")
    expect(last_answer(page)).to_be_visible()
    text = last_answer(page).inner_text()
    page.reload()
    expect(last_answer(page)).to_be_visible()
    assert last_answer(page).inner_text()[:80] == text[:80]


def test_the_whole_way_works_by_keyboard_alone(page: Page) -> None:
    launcher = page.get_by_role("button", name="Ask about your heart valve")
    for _ in range(40):
        page.keyboard.press("Tab")
        if launcher.evaluate("node => node.getRootNode().activeElement === node"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("#field")).to_be_focused()
    page.keyboard.type("what are the symptoms?")
    page.keyboard.press("Enter")
    expect(last_answer(page)).to_contain_text("tired")
    page.keyboard.press("Escape")
    expect(launcher).to_be_focused()

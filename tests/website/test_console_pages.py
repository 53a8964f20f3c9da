"""The console in a real browser: nothing for axe to find, no page wider than a small window, and all by keyboard."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page
from sqlalchemy.engine import Engine
from unit.console.conftest import PASSWORD, Clock, Serving, address, serving, store, website
from unit.insights.conftest import CLARIFY, Desk

from valve_clinic.channel.store import WebsiteStore
from valve_clinic.console import lookup
from valve_clinic.console.store import ConsoleStore
from valve_clinic.content.loader import load_clinic
from valve_clinic.database import make_engine
from valve_clinic.insights import console_report, groups, page
from valve_clinic.insights.inbox import Inbox
from valve_clinic.insights.job import Job
from valve_clinic.insights.kept import KeptReport
from valve_clinic.insights.models import prepare

from .test_accessibility_rules import TAGS
from .test_insights_page import report

__all__ = ["Serving", "address", "serving", "store", "website"]
LONG = "is there a van " + "x" * 120


@pytest.fixture
def engine(tmp_path) -> Iterator[Engine]:
    made = make_engine(f"sqlite:///{tmp_path}/website.db")
    yield made
    made.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 11, 23, 18, tzinfo=timezone.utc))


@pytest.fixture
def code(store: ConsoleStore, website: WebsiteStore, clock: Clock, monkeypatch) -> str:
    """Something in each page: a report, messages that are alike, and a chat with shared words."""
    monkeypatch.setattr(console_report, "job", Job([sys.executable, "-S", "-c", ""]))
    monkeypatch.setattr(lookup, "shared_store", lambda: type("Store", (), {"titles": lambda _: {}})())
    desk = Desk(prepare(store.engine), website, clock, load_clinic())
    for text in (LONG, "is there a van for my wife", "my dog"):
        desk.visit().say(text, CLARIFY, "nlu_fallback", 0.4)
    desk.update()
    box = Inbox(desk.engine, clock)
    box.rank(lambda _: {"intent_ranking": [{"name": "ask_location_hours", "confidence": 0.25}]})
    groups.remember(
        desk.engine, box, lambda texts: np.array([[1.0, 0.0] if "van" in t else [0.0, 1.0] for t in texts], np.float32)
    )
    kept = report(30)
    KeptReport(desk.engine, clock).keep(page.render(kept), (kept.figures.first, kept.figures.last))
    store.add_account("boss", "manager", PASSWORD)
    session = f"{desk.talks:04}".ljust(40, "x")
    website.references.share(session)
    return str(website.references.give(session))


@pytest.fixture
def tab(browser: Browser, address: str, code: str) -> Iterator[Page]:
    """A tab at the login, which may cause no error and ask no other server."""
    del code
    wrong: list[str] = []
    with browser.new_context(viewport={"width": 320, "height": 700}, base_url=address) as context:
        opened = context.new_page()
        opened.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        opened.on("request", lambda request: wrong.append(request.url) if not request.url.startswith(address) else None)
        opened.goto("/console/login")
        yield opened
    assert [line for line in wrong if "favicon" not in line and "status of 4" not in line and "data:" not in line] == []


def log_in(tab: Page) -> Page:
    tab.get_by_label("Name").fill("boss")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_label("Password").press("Enter")
    tab.get_by_role("button", name="Log out boss").wait_for()
    return tab


def violations(tab: Page) -> list[str]:
    tab.evaluate(AXE_SCRIPT + "; 0")
    found: dict[str, Any] = tab.evaluate("tags => axe.run(document, { runOnly: tags })", TAGS)
    assert len(found["passes"]) > 10
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found["violations"] for node in rule["nodes"]]


def test_no_page_has_anything_for_axe_or_is_wider_than_a_small_window(tab: Page, code: str) -> None:
    found: dict[str, list[str]] = {}

    def look(name: str) -> None:
        found[name] = violations(tab)
        if tab.evaluate("document.documentElement.scrollWidth") > 320:
            found[name].append("wider than 320 px")

    look("login")
    tab.get_by_label("Name").fill("boss")
    tab.get_by_label("Password").fill("wrong")
    tab.get_by_role("button", name="Log in").click()
    tab.get_by_role("alert").wait_for()
    look("login, wrong")
    log_in(tab)
    look("lookup")
    tab.get_by_label("Code that the caller names").fill(code)
    tab.get_by_role("button", name="Look up").click()
    tab.get_by_role("table").wait_for()
    look("lookup, a chat")
    for path in (
        "/insights",
        "/insights/report",
        "/inbox",
        "/inbox?status=dismissed",
        "/inbox/message?number=1",
        "/audit",
    ):
        tab.goto(f"/console{path}")
        look(path)
    tab.goto("/console/inbox/message?number=7000")
    look("no such message")
    assert {name: lines for name, lines in found.items() if lines} == {}
    assert len(found) == 11


def test_the_report_is_styled_under_the_policy_that_is_sent(tab: Page) -> None:
    log_in(tab).goto("/console/insights/report")
    assert tab.evaluate("getComputedStyle(document.querySelector('h2')).color") == "rgb(0, 80, 138)"
    assert tab.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 100)")


def test_a_message_is_assigned_with_the_keyboard_alone(tab: Page, store: ConsoleStore) -> None:
    log_in(tab).goto("/console/inbox")
    reach(tab, "Decide on message 3").press("Enter")
    tab.get_by_role("heading", name="Message 3").wait_for()
    reach(tab, "What it means").press("ArrowDown")
    reach(tab, "Assign").press("Enter")
    tab.get_by_role("status").wait_for()
    assert tab.get_by_role("status").inner_text() == "Message 3 is assigned: ask_location_hours."
    assert Inbox(store.engine).item(3).changed_by == "boss"


def test_the_first_key_leads_past_the_menu(tab: Page) -> None:
    log_in(tab).goto("/console/inbox")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "main"


def reach(tab: Page, name: str) -> Any:
    """Press Tab until what has this name has the focus, and can be seen to have it."""
    for _ in range(60):
        tab.keyboard.press("Tab")
        focused = tab.locator(":focus")
        said = focused.evaluate("e => e.labels && e.labels.length ? e.labels[0].textContent : e.textContent")
        if said.strip() == name:
            assert focused.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
            return tab.keyboard
    raise AssertionError(f"no Tab leads to {name!r}")

"""The report in a real browser: nothing for axe to find, nothing that its policy forbids, narrow and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, Route

from valve_clinic.insights import counting, page, words
from valve_clinic.insights.figures import Figures
from valve_clinic.insights.local_time import WEEKDAYS
from valve_clinic.insights.report import Due, Report, Theme, Themes

from .test_accessibility_rules import TAGS

ADDRESS = "https://clinic.test/report.html"
FIRST = date(2026, 9, 1)


def report(days: int) -> Report:
    """A report with something in each of its parts; of no days it is empty."""
    counts = {
        ("conversations", ""): 20,
        ("engaged", ""): 16,
        **{("outcome", name): 16 // (place + 2) for place, name in enumerate(counting.OUTCOMES)},
        **{("hour", f"{day}-{hour:02}"): hour for day in WEEKDAYS for hour in range(24)},
        **{("asked", f"ask_{number}"): 30 - number for number in range(29)},
        **{("handed_off", f"{reason}:{state}"): 3 for reason in words.HANDOFF for state in words.HOURS},
        **{("response", str(end)): 4 for end in counting.BINS},
        **{("safety", kind): 1 for kind in words.SAFETY},
        **{("missed", kind): 2 for kind in words.MISSED},
        **{("helpful", "ask_1"): 12, ("unhelpful", "ask_1"): 3, ("phone_clicks", "clinic"): 5},
    }
    by_day = {FIRST + timedelta(days=number): counts for number in range(days)}
    moment = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
    found = Themes([Theme(5, ["is there a van", "x" * 120]), Theme(2, ["a hotel nearby"])], 9, 2)
    due = [Due("ask_causes", "Why does a valve leak?", date(2026, 12, 1), None)]
    last = FIRST + timedelta(days=max(days, 1) - 1)
    figures = Figures(FIRST, last, by_day)
    return Report("Valve Clinic", "America/Chicago", figures, found, due, 29, 29, {}, moment, moment)


@pytest.fixture(params=[0, 30, 91], ids=["empty", "days", "weeks"])
def shown(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    html, policy = page.render(report(request.param)), page.content_security_policy()
    wrong: list[str] = []

    def answer(route: Route) -> None:
        headers = {"Content-Security-Policy": policy}
        route.fulfill(body=html, content_type="text/html; charset=utf-8", headers=headers)

    with browser.new_context(viewport={"width": 1200, "height": 900}) as context:
        tab = context.new_page()
        tab.on("console", lambda message: wrong.append(message.text))
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.route("**/*", answer)
        tab.goto(ADDRESS)
        yield tab
    assert [line for line in wrong if "favicon" not in line] == []


def test_axe_finds_nothing_wrong_in_the_report(shown: Page) -> None:
    shown.evaluate(AXE_SCRIPT + "; 0")
    found: dict[str, Any] = shown.evaluate("tags => axe.run(document, { runOnly: tags })", TAGS)
    assert len(found["passes"]) > 10
    assert [f"{rule['id']}: {node['html'][:120]}" for rule in found["violations"] for node in rule["nodes"]] == []


def test_the_report_is_styled_and_its_pictures_are_drawn(shown: Page) -> None:
    assert shown.evaluate("getComputedStyle(document.querySelector('h2')).color") == "rgb(0, 80, 138)"
    assert shown.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 100)")


@pytest.mark.parametrize("width", [320, 768, 1200])
def test_the_page_is_never_wider_than_the_window(shown: Page, width: int) -> None:
    shown.set_viewport_size({"width": width, "height": 900})
    assert shown.evaluate("document.documentElement.scrollWidth") <= width


def test_on_paper_no_table_is_cut_off(shown: Page) -> None:
    shown.emulate_media(media="print")
    shown.set_viewport_size({"width": 688, "height": 1000})  # A4 without its margins, at 96 dots an inch
    cut = "[...document.querySelectorAll('table')].filter(t => t.getBoundingClientRect().right > innerWidth + 1).length"
    assert shown.evaluate(cut) == 0

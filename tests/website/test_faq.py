"""The page of all answers in a real browser: under its own policy, axe-clean, readable narrow and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, Route

from valve_clinic.channel.faq_page import policy_of
from valve_clinic.content import faq, loader
from valve_clinic.content.store import ContentStore
from valve_clinic.database import make_engine

from .conftest import is_error
from .screens import PICTURES
from .test_accessibility_rules import TAGS

ADDRESS = "https://clinic.example/faq"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[faq.Page]:
    folder: Path = tmp_path_factory.mktemp("faq")
    store = ContentStore(make_engine(f"sqlite:///{folder}/content.db"))
    store.publish(loader.load_files())
    yield faq.render(store)
    store.close()


#: Width and height of the window, its colours, and how far it is zoomed: 1280 by 1024 at 400 % is 320 by 256.
WINDOWS = [(1024, 568, "light", 1), (320, 568, "light", 1), (320, 568, "dark", 1), (320, 256, "light", 4)]


@pytest.fixture(params=WINDOWS, ids=["wide", "320px", "dark", "zoom-400"])
def page(browser: Browser, made: faq.Page, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, height, scheme, zoom = request.param
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, device_scale_factor=zoom
    )
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("console", lambda message: wrong.append(message.text) if is_error(message) else None)

    def serve(route: Route) -> None:
        if route.request.url != ADDRESS:
            wrong.append(route.request.url)
        headers = {"content-type": "text/html; charset=utf-8", "content-security-policy": policy_of(made)}
        route.fulfill(body=made.html, headers=headers)

    context.route("**/*", serve)
    opened.goto(ADDRESS)
    PICTURES.mkdir(parents=True, exist_ok=True)
    opened.screenshot(path=PICTURES / f"faq-{width}-{scheme}-{zoom}.png")
    opened.locator("table").first.scroll_into_view_if_needed()
    opened.screenshot(path=PICTURES / f"faq-table-{width}-{scheme}-{zoom}.png")
    yield opened
    context.close()
    assert wrong == []


def test_axe_finds_nothing_wrong_and_nothing_is_cut_off(page: Page) -> None:
    page.evaluate(AXE_SCRIPT + "; 0")
    found = page.evaluate("tags => axe.run(document, { runOnly: tags })", TAGS)
    assert len(found["passes"]) > 10
    assert [f"{rule['id']}: {n['html'][:120]}" for rule in found["violations"] for n in rule["nodes"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("getComputedStyle(document.querySelector('.danger')).backgroundColor") == "rgb(179, 0, 27)"


def test_a_table_has_a_caption_and_heads_in_the_accessibility_tree(page: Page) -> None:
    tree = page.locator("article[aria-labelledby=ask_mitraclip_vs_surgery]").aria_snapshot()
    assert 'table "MitraClip and valve surgery side by side"' in tree
    assert 'columnheader "Valve surgery"' in tree
    assert 'rowheader "Usual hospital stay"' in tree


def test_on_paper_the_answers_stand_without_the_list(page: Page) -> None:
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert page.locator("#ask_recovery_time").is_visible()

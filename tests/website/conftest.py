"""A real Chromium for all tests of this folder, the pretended site, and a visitor's hands."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect, sync_playwright
from support import missing_service

from valve_clinic import settings

from .fake import ORIGIN, STRICT, Site

LAUNCHER = "Ask about your heart valve"
TOOLS = Path(__file__).with_name("tools.js")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
expect.set_options(timeout=10_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = settings.get("CHROMIUM") or "/usr/bin/chromium"
    if not Path(path).exists():
        missing_service(f"there is no browser at {path} (on Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=path, args=FLAGS, ignore_default_args=["--disable-back-forward-cache"]
        )
        yield running
        running.close()


@dataclass
class Visitor:
    """Somebody at a page with the widget."""

    page: Page
    site: Site
    wrong: list[str]

    @property
    def field(self) -> Locator:
        return self.page.locator("#field")

    @property
    def dialog(self) -> Locator:
        return self.page.locator("dialog")

    @property
    def launcher(self) -> Locator:
        return self.page.locator(".launcher")

    def bot(self, kind: str) -> Locator:
        return self.page.locator(f'.msg.bot[data-kind="{kind}"]')

    def go(self, path: str = "/") -> Visitor:
        self.page.goto(ORIGIN + path)
        self.page.locator(".launcher:visible, dialog:visible").wait_for()
        return self

    def open(self) -> Visitor:
        self.launcher.click()
        expect(self.bot("notice").first).to_be_visible()
        return self

    def say(self, text: str, kind: str | None = "answer") -> Visitor:
        """Type and send; wait for one more reply of the kind."""
        before = self.bot(kind).count() if kind else 0
        self.field.fill(text)
        self.field.press("Enter")
        if kind:
            expect(self.bot(kind)).to_have_count(before + 1)
        return self

    def focused(self) -> str:
        """Say what has the focus: its id or class, or `body`."""
        name: str = self.page.evaluate("tools.focused()")
        return name

    def until(self, expression: str) -> None:
        """Wait until the expression holds; asked from outside, as a page's strict policy forbids to poll inside."""
        deadline = time.monotonic() + 10
        while not self.page.evaluate(expression):
            assert time.monotonic() < deadline, f"never came true: {expression}"
            self.page.wait_for_timeout(30)

    def see(self, script: str, *arguments: Any) -> Any:
        """Call a function of tools.js."""
        return self.page.evaluate(f"argument => tools.{script}(argument)", arguments[0] if arguments else None)


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Make visitors: `visit(csp=…, **context options)`. None may cause a console error or a foreign request."""
    visitors: list[Visitor] = []

    def make(
        *,
        csp: str = STRICT,
        chat: str = ORIGIN,
        path: str | None = "/",
        pages: dict[str, str] | None = None,
        **options: Any,
    ) -> Visitor:
        options = {"viewport": {"width": 1024, "height": 768}, "reduced_motion": "reduce", **options}
        context = browser.new_context(**options)
        context.add_init_script(path=TOOLS)
        site = Site(context, csp, chat)
        site.pages |= pages or {}
        wrong: list[str] = []
        context.on("console", lambda message: wrong.append(message.text) if is_error(message) else None)
        context.on("weberror", lambda error: wrong.append(str(error.error)))
        visitor = Visitor(context.new_page(), site, wrong)
        visitors.append(visitor)
        return visitor.go(path) if path else visitor

    yield make
    for visitor in visitors:
        visitor.page.context.close()
    for visitor in visitors:
        assert visitor.wrong == []
        assert visitor.site.foreign == []


def is_error(message: ConsoleMessage) -> bool:
    """Whether the console shows an error of the page's own: not the browser's note of a failed request."""
    return message.type == "error" and not message.text.startswith("Failed to load resource")


@pytest.fixture
def chat(visit: Callable[..., Visitor]) -> Visitor:
    """A visitor with the chat open on the demonstration page, under its strict content security policy."""
    return visit().open()

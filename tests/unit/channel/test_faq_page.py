"""`/faq`: served from the answers that the chat gives, with a tag, under a policy without scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sanic import Sanic

from valve_clinic.channel import faq_page
from valve_clinic.content.loader import Content
from valve_clinic.content.store import ContentStore

from ..conftest import changed, sample_answer, sample_topic


async def no_signal(*_: Any, **__: Any) -> None:
    """Sanic compiles its signals away when a server starts; this application is never started."""


@pytest.fixture
async def browser(monkeypatch: pytest.MonkeyPatch, sample_store: ContentStore) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr(Sanic, "dispatch", no_signal)
    monkeypatch.setattr(faq_page, "shared_store", lambda: sample_store)
    app = Sanic(f"faq_{id(object())}", configure_logging=False)
    faq_page.add_faq(app)
    app.router.finalize()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://chat.example") as client:
        yield client
    Sanic._app_registry.pop(app.name)


async def test_the_page_is_sent_once_and_again_when_the_answers_change(
    browser: httpx.AsyncClient, sample_store: ContentStore, sample_content: Content
) -> None:
    first = await browser.get("/faq")
    assert first.status_code == 200
    assert first.headers["content-type"] == "text/html; charset=utf-8"
    known = {"If-None-Match": first.headers["etag"]}
    assert (await browser.get("/faq", headers=known)).status_code == 304
    assert (await browser.head("/faq")).headers["etag"] == first.headers["etag"]
    new = sample_topic("ask_causes", sample_answer("Another text.", "heart-01"))
    sample_store.publish(changed(sample_content, "second", ask_causes=new))
    again = await browser.get("/faq", headers=known)
    assert (again.status_code, "Another text." in again.text) == (200, True)


async def test_the_policy_allows_the_pages_own_style_and_nothing_else(browser: httpx.AsyncClient) -> None:
    policy = (await browser.get("/faq")).headers["content-security-policy"]
    assert "default-src 'none'; style-src 'sha256-" in policy
    assert "unsafe" not in policy
    assert "script" not in policy


async def test_while_the_answers_cannot_be_read_the_page_says_the_phone_line_and_911(
    browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(faq_page, "shared_store", fail)
    response = await browser.get("/faq")
    assert response.status_code == 503
    assert "tel:911" in response.text
    assert "501.552.3400" in response.text
    assert "disk" not in response.text

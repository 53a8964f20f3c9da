"""The page `/faq`: all published answers without the chat, made anew when the answers change."""

from __future__ import annotations

import asyncio
import logging

from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, html

from valve_clinic.channel.pages import READING, File, serve, tagged
from valve_clinic.content import faq
from valve_clinic.content.loader import load_clinic
from valve_clinic.content.store import ContentStore, shared_store

logger = logging.getLogger(__name__)
_POLICY = "default-src 'none'; style-src '{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class _Faq:
    """Keeps the page of the answers that are served."""

    def __init__(self) -> None:
        self._digest: str | None = None
        self._file: File | None = None
        self.headers: dict[str, str] = {}

    def file(self, store: ContentStore) -> File:
        """Return the page; what is asked of the database for an unchanged one is its digest alone."""
        digest = store.digest()
        if self._file is None or digest != self._digest:
            page = faq.render(store)
            self.headers = {"Content-Security-Policy": policy_of(page)}
            self._file = tagged(page.html.encode(), "text/html; charset=utf-8")
            self._digest = digest
        return self._file


def policy_of(page: faq.Page) -> str:
    """Return the policy under which the page is sent: its own style, no script."""
    return _POLICY.format(style=page.style_hash)


def add_faq(app: Sanic) -> None:
    """Serve the page at `/faq`; while the answers cannot be read it says the phone line and 911."""
    page = _Faq()

    @app.route("/faq", methods=READING)
    async def get_faq(request: Request) -> HTTPResponse:
        try:
            file = await asyncio.to_thread(page.file, shared_store())
        except Exception as error:
            logger.error("the page /faq cannot be made: %s", type(error).__name__)
            return html(_apology(), status=503, headers={"Retry-After": "60"})
        return serve(request, file, page.headers)


def _apology() -> str:
    clinic = load_clinic()
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Not available now</title>'
        "<h1>This page cannot be shown right now</h1>"
        f'<p>Please try again in a minute, or call the {clinic.name} at <a href="{clinic.tel}">{clinic.phone}</a>.</p>'
        '<p>In an emergency, <a href="tel:911">call 911</a>.</p></html>'
    )

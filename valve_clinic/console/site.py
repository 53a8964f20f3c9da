"""The console's HTTP side: login, layout, and the pages that `valve_clinic/console/pages.py` lists."""

from __future__ import annotations

import asyncio
import importlib
import logging
import secrets
from collections.abc import Awaitable, Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, html, raw, redirect

from valve_clinic.channel.errors import ApiError
from valve_clinic.channel.requests import address_of
from valve_clinic.console import pages
from valve_clinic.console.guard import Guard, TooManyError
from valve_clinic.console.store import ABSOLUTE, Account, ConsoleStore
from valve_clinic.storage import worker
from valve_clinic.storage.errors import StorageError

logger = logging.getLogger(__name__)
FOLDER = "/console"
#: Rooms that add pages when they are imported, in the order of the menu.
ROOMS = (
    "valve_clinic.console.lookup",
    "valve_clinic.insights.console_report",
    "valve_clinic.insights.console_inbox",
    "valve_clinic.console.audit",
)
SESSION_COOKIE, LOGIN_COOKIE = "valve_clinic_console", "valve_clinic_login"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
_CSS = Path(__file__).parent / "console.css"
#: Seconds for a login: argon2 takes its time on purpose.
_SECONDS = 4.0
#: Logins that are checked at the same time: each takes 64 MiB and a processor's time, and patients come first.
_LOGINS_AT_ONCE = 2
_Handler = Callable[[Request], Awaitable[HTTPResponse]]


class Console:
    """The pages as a blueprint; without an account that may log in, each of them is "not found"."""

    def __init__(self, open_store: Callable[[], ConsoleStore], read_secret: Callable[[], str]) -> None:
        """Take how to get at the tables and the server's secret: both are asked for at each visit, in a thread."""
        for room in ROOMS:
            importlib.import_module(room)
        self._open, self._read_secret = open_store, read_secret
        self._logins = asyncio.Semaphore(_LOGINS_AT_ONCE)

    @property
    def _store(self) -> ConsoleStore:
        return self._open()

    @property
    def _guard(self) -> Guard:
        return Guard(self._open(), self._read_secret())

    def add_to(self, blueprint: Blueprint) -> Blueprint:
        """Add the routes below the blueprint's own address."""

        def route(path: str, methods: tuple[str, ...], handler: _Handler, name: str) -> None:
            blueprint.add_route(self._guarded(handler), path, methods=methods, name=f"console_{name}")

        for number, page in enumerate(pages.all_pages(ROOMS)):
            route(page.path, ("GET", "HEAD", "POST"), self._handler_of(page), f"page_{number}")
        route("/", ("GET", "HEAD"), self._home, "home")
        route("/login", ("GET", "HEAD"), self._login_page, "login_page")
        route("/login", ("POST",), self._log_in, "login")
        route("/logout", ("POST",), self._log_out, "logout")
        route("/console.css", ("GET", "HEAD"), self._css, "css")
        return blueprint

    def _guarded(self, handler: _Handler) -> _Handler:
        async def guarded(request: Request) -> HTTPResponse:
            try:
                if not await worker.run(lambda: self._recognise(request)):
                    raise ApiError(404, "not_found", "There is nothing here.")
                response = await handler(request)
            except StorageError:
                response = _message("Not possible now", "The database does not answer. Please try again.", 503)
            for name, value in _HEADERS.items():
                response.headers.setdefault(name, value)
            return response

        return guarded

    def _recognise(self, request: Request) -> bool:
        """Note who asks; returns whether there is a console at all: whoever is logged in has shown that."""
        cookie = request.cookies.get(SESSION_COOKIE, "")
        account = self._store.account_of(cookie) if cookie else None
        request.ctx.console = (cookie if account is not None else "", account)
        return account is not None or self._store.has_accounts()

    def _handler_of(self, page: pages.Registered) -> _Handler:
        async def handle(request: Request) -> HTTPResponse:
            cookie, account = request.ctx.console
            if account is None:
                return redirect(f"{FOLDER}/login")
            if not account.may(page.role):
                return self._show(_FORBIDDEN, request, account, cookie)
            form = _first_values(request.form) if request.method == "POST" else {}
            if request.method == "POST" and not self._is_ours(request, form, cookie):
                return self._show(_FORGED, request, account, cookie)
            visit = pages.Visit(
                account,
                _first_values(request.args),
                form,
                self._store,
                self._store.now(),
                self._guard.keyed("from", address_of(request)),
            )
            made = await worker.run(lambda: page.render(visit))
            if isinstance(made, pages.Redirect):
                return redirect(FOLDER + made.path, status=303)
            if isinstance(made, pages.Raw):
                return html(made.html, headers={"Content-Security-Policy": made.policy})
            return self._show(made, request, account, cookie, page)

        return handle

    async def _home(self, request: Request) -> HTTPResponse:
        _, account = request.ctx.console
        seen = _menu(account) if account is not None else []
        return redirect(FOLDER + (seen[0].path if seen else "/login"))

    async def _login_page(self, request: Request) -> HTTPResponse:
        return self._show_login(request, "", 200)

    async def _log_in(self, request: Request) -> HTTPResponse:
        form = _first_values(request.form)
        if not self._is_ours(request, form, request.cookies.get(LOGIN_COOKIE, "")):
            return self._show_login(request, "The page was too old. Please log in again.", 403)
        name, password, address = form.get("name", ""), form.get("password", ""), address_of(request)
        try:
            async with self._logins:
                token = await worker.run(lambda: self._guard.log_in(name, password, address), _SECONDS)
        except TooManyError:
            return self._show_login(request, "Too many tries. Please wait 15 minutes and try again.", 429)
        if token is None:
            return self._show_login(request, "The name or the password is not right.", 401)
        response = redirect(FOLDER + "/", status=303)
        _set_cookie(response, request, SESSION_COOKIE, token)
        del response.cookies[LOGIN_COOKIE]
        response.cookies[LOGIN_COOKIE]["path"] = FOLDER
        return response

    async def _log_out(self, request: Request) -> HTTPResponse:
        cookie, account = request.ctx.console
        if account is not None:
            if not self._is_ours(request, _first_values(request.form), cookie):
                return self._show(_FORGED, request, account, cookie)
            await worker.run(lambda: self._store.log_out(cookie))
        response = redirect(f"{FOLDER}/login", status=303)
        del response.cookies[SESSION_COOKIE]
        response.cookies[SESSION_COOKIE]["path"] = FOLDER
        return response

    async def _css(self, _request: Request) -> HTTPResponse:
        return raw(_CSS.read_bytes(), content_type="text/css; charset=utf-8")

    def _is_ours(self, request: Request, form: dict[str, str], cookie: str) -> bool:
        """Return whether the form came from a page of the console.

        The pages' referrer policy makes browsers send `Origin: null`, so that it cannot be compared.
        """
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return False
        return bool(cookie) and self._guard.is_right(form.get(pages.CSRF_FIELD, ""), cookie)

    def _show_login(self, request: Request, problem: str, status: int) -> HTTPResponse:
        cookie = request.cookies.get(LOGIN_COOKIE) or secrets.token_urlsafe(32)
        response = _render("login.html", status, problem=problem, csrf=self._guard.csrf(cookie))
        _set_cookie(response, request, LOGIN_COOKIE, cookie)
        return response

    def _show(
        self,
        page: pages.Page,
        request: Request,
        account: Account,
        cookie: str,
        at: pages.Registered | None = None,
    ) -> HTTPResponse:
        menu, csrf = _menu(account), self._guard.csrf(cookie)
        shown = {"account": account, "menu": menu, "at": at, "csrf": csrf, "folder": FOLDER}
        return _render(page.template, page.status, **{**page.values, **shown})


def _menu(account: Account) -> list[pages.Registered]:
    """Return the pages that the account finds in its menu; it arrives at the first."""
    return [page for page in pages.all_pages(ROOMS) if page.in_menu and account.may(page.role)]


def add_console(app: Sanic) -> None:
    """Put the console, which lies in the website's database, on the server."""
    from valve_clinic.channel.secret import load_secret
    from valve_clinic.storage.schema import shared_engine

    # Opened when somebody comes first; an opening that fails is tried again.
    console = Console(lru_cache(maxsize=1)(lambda: ConsoleStore(shared_engine())), lru_cache(maxsize=1)(load_secret))
    app.blueprint(console.add_to(Blueprint("console", url_prefix=FOLDER)))


_FORBIDDEN = pages.Page(
    "message.html", {"title": "Not for this account", "text": "This page is for managers only."}, 403
)
_FORGED = pages.Page(
    "message.html", {"title": "Not done", "text": "The page was too old. Please go back and try again."}, 403
)


def _message(title: str, text: str, status: int) -> HTTPResponse:
    return _render("message.html", status, title=title, text=text)


def _render(template: str, status: int, /, **values: Any) -> HTTPResponse:
    bare: dict[str, Any] = {"account": None, "menu": [], "at": None, "csrf": "", "folder": FOLDER}
    return html(_templates().get_template(template).render({**bare, **values}), status=status)


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(loader=PackageLoader("valve_clinic.console"), autoescape=True, undefined=StrictUndefined)


def _first_values(given: Any) -> dict[str, str]:
    return {str(key): str(values[0]) for key, values in (given or {}).items() if values}


def _set_cookie(response: HTTPResponse, request: Request, name: str, value: str) -> None:
    response.cookies[name] = value
    response.cookies[name]["path"] = FOLDER
    response.cookies[name]["httponly"] = True
    response.cookies[name]["samesite"] = "Strict"
    response.cookies[name]["max-age"] = int(ABSOLUTE.total_seconds())
    if request.scheme == "https":
        response.cookies[name]["secure"] = True

"""A real server on a free port with the console alone, without Rasa, and a time that passes when a test says so."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sanic import Blueprint, Sanic
from sanic.touchup import TouchUp
from sqlalchemy.engine import Engine

from unit.channel.conftest import Clock, clock, engine, postgresql, sqlite
from valve_clinic.channel.errors import ApiError, error_response
from valve_clinic.channel.store import WebsiteStore
from valve_clinic.console.site import FOLDER, Console
from valve_clinic.console.store import ConsoleStore

__all__ = ["Clock", "clock", "engine", "postgresql", "sqlite"]
SECRET = "s" * 40
PASSWORD = "copper lantern walks sideways"


@pytest.fixture
def store(engine: Engine, clock: Clock) -> ConsoleStore:
    """The console's tables in each database, beside the website's."""
    WebsiteStore(engine, clock)
    return ConsoleStore(engine, clock)


@pytest.fixture
def website(store: ConsoleStore, clock: Clock) -> WebsiteStore:
    return WebsiteStore(store.engine, clock)


@dataclass
class Browser:
    """A client with cookies that fills in forms as a browser does."""

    http: httpx.Client

    def get(self, path: str = "/") -> httpx.Response:
        return self.http.get(FOLDER + path)

    def post(self, path: str, **fields: str) -> httpx.Response:
        """Send the form of the page at `path`, with its CSRF token."""
        return self.http.post(FOLDER + path, data={"csrf": csrf_of(self.get(path)), **fields})

    def log_in(self, name: str = "nurse.one", password: str = PASSWORD) -> httpx.Response:
        return self.post("/login", name=name, password=password)


def csrf_of(response: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', response.text)
    return found[1] if found else ""


@dataclass
class Serving:
    """A server that runs for all tests, as Sanic starts once in a process; each test puts its own tables behind it."""

    address: str
    tables: list[ConsoleStore]
    console: Console


@pytest.fixture(scope="session")
def serving() -> Iterator[Serving]:
    tables: list[ConsoleStore] = []
    console = Console(lambda: tables[-1], lambda: SECRET)
    app = Sanic(f"console_{id(tables)}", configure_logging=False)
    app.blueprint(console.add_to(Blueprint("console", url_prefix=FOLDER)))
    app.config.REAL_IP_HEADER = app.config.FORWARDED_SECRET = None
    app.config.PROXIES_COUNT = 1  # the tests are the proxy: they say which address a visitor has
    app.error_handler.add(ApiError, lambda _request, error: error_response(error))
    # Sanic rewrites its own methods at its first start, and fails when it does so again in the same process.
    rewrite, rewriting = TouchUp.run, pytest.MonkeyPatch()
    rewriting.setattr(TouchUp, "run", staticmethod(lambda app: getattr(Sanic, "__touched__", False) or rewrite(app)))
    ready, ports, failed, running = threading.Event(), list[int](), list[BaseException](), list[Any]()
    loop = asyncio.SelectorEventLoop()  # uvloop, which Sanic chooses, does not close outside the main thread

    async def serve() -> None:
        # Sanic takes port 0 for "not said": it gets a socket that is bound.
        free = socket.socket()
        free.bind(("127.0.0.1", 0))
        server: Any = await app.create_server(sock=free, return_asyncio_server=True)
        await server.startup()
        running.append(server)
        ports.append(free.getsockname()[1])
        ready.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(serve())
            loop.run_forever()
            running[0].close()
            loop.run_until_complete(running[0].server.wait_closed())
        except BaseException as error:
            failed.append(error)
            ready.set()
        finally:
            loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(10)
    rewriting.undo()
    assert failed == []
    yield Serving(f"http://127.0.0.1:{ports[0]}", tables, console)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    Sanic._app_registry.pop(app.name)


@pytest.fixture
def address(serving: Serving, store: ConsoleStore) -> str:
    """The address of a server over the test's tables."""
    serving.tables.append(store)
    return serving.address


@pytest.fixture
def browser(address: str) -> Iterator[Browser]:
    with httpx.Client(base_url=address, follow_redirects=False) as http:
        yield Browser(http)


@pytest.fixture
def nurse(store: ConsoleStore, browser: Browser) -> Browser:
    """An agent who is logged in."""
    store.add_account("nurse.one", "agent", PASSWORD)
    assert browser.log_in().status_code == 303
    return browser

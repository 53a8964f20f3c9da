"""The widget against the real server: question, answer, follow-up, phone; a restart; another origin."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from support import Server, free_port, start_server, train

from valve_clinic import paths

from .conftest import LAUNCHER, TOOLS, is_error
from .screens import PICTURES

pytestmark = pytest.mark.server
CLINIC = 'a[href="tel:+15015523400"]'
SLOW = 30_000  # milliseconds; a busy machine answers late, and a restarted server has to load its model


class Tab:
    """Somebody at a page; `wrong` collects console errors and requests to other hosts than `hosts`."""

    def __init__(self, page: Page, *hosts: str) -> None:
        self.page = page
        self.wrong: list[str] = []
        page.add_init_script(path=TOOLS)
        page.on("console", lambda message: self.wrong.append(message.text) if is_error(message) else None)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith(hosts) else self.wrong.append(request.url))

    def open(self, url: str) -> Tab:
        self.page.goto(url)
        self.page.get_by_role("button", name=LAUNCHER).click()
        expect(self.page.locator(".msg.bot").first).to_be_visible()
        return self

    def ask(self, text: str) -> None:
        self.page.locator("#field").fill(text)
        self.page.keyboard.press("Enter")

    def last(self, kind: str) -> Locator:
        return self.page.locator(f'.msg.bot[data-kind="{kind}"]').last


@pytest.fixture
def tabs(browser: Browser) -> Iterator[Callable[..., Tab]]:
    made: list[Tab] = []

    def make(*hosts: str) -> Tab:
        made.append(Tab(browser.new_context().new_page(), *hosts))
        return made[-1]

    yield make
    for tab in made:
        tab.page.context.close()
    assert [tab.wrong for tab in made if tab.wrong] == []


@pytest.fixture
def tab(tabs: Callable[..., Tab], server: Server) -> Tab:
    return tabs(server.url, "tel:").open(server.url + "/")


def test_the_welcome_has_a_privacy_notice_and_topics(tab: Tab) -> None:
    expect(tab.last("notice")).to_contain_text("911")
    assert tab.page.locator(".choice").count() >= 3


def test_a_question_gets_its_answer_with_the_source(tab: Tab) -> None:
    tab.ask("how long will i be in the hospital after the clip?")
    expect(tab.last("answer")).to_contain_text("2 to 3 days")
    expect(tab.last("answer").locator(".source")).to_contain_text("CHI St. Vincent Heart Institute")
    expect(tab.last("answer")).not_to_contain_text("Reviewed")


def test_question_answer_follow_up_and_phone(tab: Tab, server: Server) -> None:
    tab.ask("what is MitraClip?")
    expect(tab.last("answer")).to_contain_text("TEER")
    tab.page.get_by_role("button", name="What are the risks?").last.click()
    expect(tab.last("answer")).to_contain_text("risks")
    expect(tab.page.locator("#field")).to_be_focused()
    tab.ask("I want to talk to a person")
    link = tab.page.locator(f".msg.bot {CLINIC}").last
    expect(link).to_be_visible()
    link.click()
    for _ in range(100):
        with closing(sqlite3.connect(server.folder / "website.db")) as database:
            events = database.execute("select event, target from website_event").fetchall()
        if ("phone_clicked", "tel:+15015523400") in events:
            return
        tab.page.wait_for_timeout(100)
    pytest.fail(f"the click was not recorded: {events}")


def test_an_emergency_shows_the_911_link_and_keeps_it_in_view(tab: Tab) -> None:
    tab.ask("i have crushing chest pain and cant breathe right now")
    expect(tab.page.locator('.emergency a[href="tel:911"]')).to_be_visible()
    expect(tab.page.locator(".bar")).to_be_visible()


def test_a_reload_restores_the_conversation_and_feedback_and_deletion_reach_the_server(
    tab: Tab, server: Server
) -> None:
    tab.ask("is a leaky valve hereditary? asks zanzibarwidget")
    expect(tab.last("answer")).to_be_visible()
    text = tab.last("answer").locator(".body").inner_text()
    tab.page.reload()
    expect(tab.last("answer")).to_be_visible()
    assert tab.last("answer").locator(".body").inner_text() == text
    tab.last("answer").get_by_role("button", name="Yes, this was helpful").click()
    expect(tab.page.get_by_text("Thank you for telling us.")).to_be_visible()
    tab.page.get_by_role("button", name="Menu").click()
    tab.page.get_by_role("button", name="Delete this conversation").click()
    tab.page.get_by_role("button", name="Yes, delete it").click()
    expect(tab.page.get_by_text("The conversation was deleted.")).to_be_visible()
    with closing(sqlite3.connect(server.folder / "website.db")) as database:
        assert "zanzibarwidget" not in "\n".join(database.iterdump())


def test_the_page_is_a_believable_clinics_and_says_what_it_is(tab: Tab) -> None:
    expect(tab.page.get_by_role("heading", level=1)).to_be_visible()
    for words in (
        "Demonstration page",
        "not affiliated with or approved by CHI St. Vincent",
        "not reviewed by a clinician",
    ):
        expect(tab.page.get_by_text(words)).to_be_visible()


def test_the_readmes_pictures_can_be_taken(server: Server) -> None:
    """`python scripts/screenshots.py` works; CI keeps these beside the pictures of each state."""
    script = paths.ROOT / "scripts" / "screenshots.py"
    command = [sys.executable, script, server.url + "/", PICTURES / "readme"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert {path.name for path in (PICTURES / "readme").iterdir()} == {"answer.png", "phone.png"}


# --- a server that stops and starts, and a page of another origin -----------------------------------------------------


class OtherSite(BaseHTTPRequestHandler):
    """A page of another origin, whose policy allows nothing but the chat's host."""

    chat = ""

    def do_GET(self) -> None:  # noqa: N802 (the name that http.server calls)
        script = f'<script src="{self.chat}/webhooks/website/widget.js" defer></script>'
        body = f'<!doctype html><html lang="en"><title>x</title>{script}<h1>Another site</h1>'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        policy = f"default-src 'none'; script-src {self.chat}; connect-src {self.chat}"
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), OtherSite) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def restarting(tmp_path_factory: pytest.TempPathFactory, site: str) -> Iterator[list[Server]]:
    """A server of its own that a test may stop and start; the last of the list runs."""
    train()
    folder, port = tmp_path_factory.mktemp("restarting"), free_port()
    running = [start(folder, port, site)]
    OtherSite.chat = f"http://127.0.0.1:{port}"
    yield running
    running[-1].stop(signal.SIGKILL)


def start(folder: Path, port: int, site: str) -> Server:
    server = start_server(folder, PORT=str(port), WEBSITE_ORIGINS=site)
    server.port = port
    return server


def test_a_page_of_another_origin_needs_only_the_chats_host(
    tabs: Callable[..., Tab], restarting: list[Server], site: str
) -> None:
    tab = tabs(restarting[-1].url, site).open(site + "/")
    tab.ask("what is MitraClip?")
    expect(tab.last("answer")).to_contain_text("TEER")
    tab.last("answer").get_by_role("button", name="No, this was not helpful").click()
    expect(tab.page.get_by_text("Thank you for telling us.")).to_be_visible()
    tab.page.reload()
    expect(tab.last("answer")).to_contain_text("TEER")


def test_the_server_stops_and_starts_again_in_mid_conversation(
    tabs: Callable[..., Tab], restarting: list[Server], site: str
) -> None:
    server = restarting[-1]
    tab = tabs(server.url, "tel:").open(server.url + "/")
    tab.ask("what is MitraClip?")
    expect(tab.last("answer")).to_contain_text("TEER")
    server.stop(signal.SIGKILL)
    tab.ask("what are the risks?")
    box = tab.page.locator(".failure")
    expect(box.locator(CLINIC)).to_be_visible(timeout=SLOW)
    expect(tab.page.locator(".me").last).to_contain_text("what are the risks?")
    tab.page.locator("#field").fill("and typed meanwhile")
    restarting.append(start(server.folder, server.port, site))
    box.get_by_role("button", name="Try again").click()
    expect(tab.page.locator('.msg.bot[data-kind="answer"]')).to_have_count(2, timeout=SLOW)
    expect(tab.last("answer")).to_contain_text("risks")
    expect(box).to_have_count(0)
    expect(tab.page.locator("#field")).to_have_value("and typed meanwhile")
    with closing(sqlite3.connect(server.folder / "website.db")) as database:
        asked = database.execute("SELECT count(*) FROM website_turn WHERE text = 'what are the risks?'").fetchone()[0]
    assert asked == 1, "sent twice, stored once"

"""A stand-in for the clinic's page and the channel, inside the browser's network layer: for states that must be forced.

Replies have the shape of docs/website-api.md. What a message gets is told by its first word (`ANSWERS`), so that a test
reads as a conversation. The meeting with the real server is tested in test_real_server.py.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Request, Route

from valve_clinic import paths

Reply = dict[str, Any]

ORIGIN = "https://clinic.example"
WIDGET = paths.ROOT / "widget"
API = "/webhooks/website/"
STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
)
PHONE = {"title": "Call the Valve Clinic: 501.552.3400", "url": "tel:+15015523400"}
SOURCE = {
    "name": "American Heart Association",
    "url": "https://www.heart.org/en/x",
    "date": "2024-05-14",
    "reviewed": None,
}


def reply(kind: str, text: str, **more: Any) -> Reply:
    """Return a REPLY; `buttons` may be given as titles."""
    made = {
        "id": uuid.uuid4().hex,
        "kind": kind,
        "topic": None,
        "variant": None,
        "text": text,
        "buttons": [],
        "links": [],
        "source": None,
        "reference": None,
        "table": None,
        **more,
    }
    made["buttons"] = [
        {"id": uuid.uuid4().hex, "title": title, "topic": "ask_risks" if kind == "clarify" else None}
        if isinstance(title, str)
        else title
        for title in made["buttons"]
    ]
    return made


def notice(text: str = "The chat cannot answer now. Call 501.552.3400. In an emergency, call 911.") -> Reply:
    return reply("notice", text, links=[PHONE])


def welcome() -> list[Reply]:
    return [
        reply(
            "chitchat",
            "Hello! I can answer general questions about a leaking mitral valve.",
            buttons=["What is mitral regurgitation?", "What is MitraClip?", "How long is recovery?"],
        ),
        reply("notice", "This is a computer, not a nurse. Please do not type your name.\n\nIn an emergency, call 911."),
    ]


def answer(text: str = "After MitraClip, people usually go home within 2 to 3 days.", **more: Any) -> Reply:
    more = {
        "topic": "ask_recovery_time",
        "source": SOURCE,
        "buttons": ["What are the risks?", "How do I prepare?"],
        **more,
    }
    return reply("answer", f"{text}\n\nAsk your team before you:\n- drive\n- lift heavy things", **more)


def _table() -> Reply:
    rows = [["Chest opened", "No", "Usually"], ["Hospital stay", "2 to 3 days", "5 to 7 days"]]
    return answer(
        "Both treat the leak.", table={"caption": "Two ways", "head": ["", "MitraClip", "Surgery"], "rows": rows}
    )


ANSWERS: dict[str, Callable[[], tuple[list[Reply], str]]] = {
    "chest": lambda: (
        [
            reply(
                "emergency",
                "Call 911 now. Do not drive yourself.\n\nDo not wait for an answer here.",
                links=[{"title": "Call 911", "url": "tel:911"}],
            )
        ],
        "act",
    ),
    "hopeless": lambda: (
        [
            reply(
                "crisis",
                "You are not alone. Please talk to someone now.",
                links=[{"title": "Call 988", "url": "tel:988"}, {"title": "Text 988", "url": "sms:988"}],
            )
        ],
        "act",
    ),
    "dizzy": lambda: (
        [
            reply(
                "check",
                "If this is happening now, call 911.",
                buttons=["Yes, it is happening now", "No, I want to know"],
            ),
            answer("Some people feel dizzy when the valve leaks.", buttons=[]),
        ],
        "check",
    ),
    "swollen": lambda: ([reply("same_day", "Call your care team today.", links=[PHONE])], "none"),
    "unsure": lambda: (
        [
            reply(
                "clarify",
                "Did you mean one of these?",
                buttons=["How long is recovery?", "What are the risks?", "Neither"],
            )
        ],
        "none",
    ),
    "book": lambda: (
        [
            answer("Appointments are made by phone.", source={**SOURCE, "url": None}, buttons=[]),
            reply("handoff", "Please call the Valve Clinic.", links=[PHONE], reference="VC-4821"),
        ],
        "none",
    ),
    "topics": lambda: ([answer("Pick one.", buttons=[f"Question number {n}?" for n in range(1, 29)])], "none"),
    "dose": lambda: ([reply("advice_declined", "I cannot say what dose is right.", links=[PHONE])], "none"),
    "table": lambda: ([_table()], "none"),
    "signed": lambda: ([answer(source={**SOURCE, "reviewed": "2026-11-20"})], "none"),
    "visit": lambda: ([answer(links=[{"title": "Plan your visit", "url": "/visit"}], buttons=[])], "none"),
}


@dataclass
class Session:
    turns: list[dict[str, Any]] = field(default_factory=list)
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)

    def take(self, replies: list[Reply]) -> None:
        self.turns += [{"id": item["id"], "from": "bot", "reply": item, "at": ""} for item in replies]
        self.titles |= {button["id"]: button["title"] for item in replies for button in item["buttons"]}


class Site:
    """The clinic's pages and the channel; `calls` is what the widget sent, `foreign` what went elsewhere."""

    def __init__(self, context: BrowserContext, csp: str = STRICT, chat: str = ORIGIN) -> None:
        self.sessions: dict[str, Session] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.foreign: list[str] = []
        self.pages: dict[str, str] = {"/": (WIDGET / "demo" / "index.html").read_text(encoding="utf-8")}
        self.csp = csp
        self.chat = chat  # origin of the widget and the channel
        self.down = False  # every call fails as when the server is not there
        self.errors: list[tuple[int, list[Reply]]] = []  # what the next messages get instead of an answer
        self.next: list[tuple[list[Reply], str]] = []  # what the next messages are answered with
        self.holding = False
        self.held: list[tuple[Route, int, Any]] = []
        context.route("**/*", self._handle)

    # --- what tests say ------------------------------------------------------------------------------------------

    def answers(self, *replies: Reply, safety: str = "none") -> None:
        """Answer the next message so."""
        self.next.append((list(replies), safety))

    def fails(self, status: int, *replies: Reply) -> None:
        """Refuse the next message so."""
        self.errors.append((status, list(replies) or [notice()]))

    def release(self) -> None:
        """Let go the answers that were held back."""
        self.holding = False
        held, self.held = self.held, []
        for route, status, body in held:
            self._send(route, status, body)

    def sent(self, path: str) -> list[dict[str, Any]]:
        return [body for name, body in self.calls if name == path]

    # --- serving -------------------------------------------------------------------------------------------------

    def _handle(self, route: Route, request: Request) -> None:
        url = urlsplit(request.url)
        origin = f"{url.scheme}://{url.netloc}"
        if origin not in (ORIGIN, self.chat) or (url.path.startswith(API) and origin != self.chat):
            self.foreign.append(request.url)
            route.abort()
        elif origin == ORIGIN and url.path in self.pages:
            headers = {"content-type": "text/html; charset=utf-8", "content-security-policy": self.csp}
            route.fulfill(body=self.pages[url.path], headers=headers)
        elif url.path in (API + "widget.js", API + "widget.es.js"):
            route.fulfill(path=WIDGET / "dist" / url.path.removeprefix(API), content_type="text/javascript")
        elif url.path == API + "widget/demo.css":
            route.fulfill(path=WIDGET / "demo" / "demo.css", content_type="text/css")
        elif url.path.startswith("/src/"):
            route.fulfill(path=WIDGET / url.path[1:], content_type="text/javascript")
        elif url.path.startswith(API):
            self._call(route, request, url.path.removeprefix(API))
        else:
            route.fulfill(status=404, body="")

    def _call(self, route: Route, request: Request, path: str) -> None:
        body = json.loads(request.post_data or "{}")
        self.calls.append((path, body))
        if self.down:
            route.abort("connectionrefused")
            return
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        status, data = self._answer(request.method, path, token, body)
        if self.holding and path in {"messages", "session", "history"}:
            self.held.append((route, status, data))
        else:
            self._send(route, status, data)

    def _send(self, route: Route, status: int, data: Any) -> None:
        headers = {"content-type": "application/json", "access-control-allow-origin": ORIGIN}
        route.fulfill(status=status, headers=headers, body="" if data is None else json.dumps(data))

    def _answer(self, method: str, path: str, token: str, body: dict[str, Any]) -> tuple[int, Any]:
        if path == "session":
            replies, token = welcome(), uuid.uuid4().hex
            self.sessions[token] = Session()
            self.sessions[token].take(replies)
            return 201, {"session": token, "replies": replies}
        session = self.sessions.get(token)
        if session is None:
            return 401, {"error": {"code": "no_session", "message": ""}, "replies": [notice()]}
        if path == "history":
            return 200, {"turns": session.turns}
        if method == "DELETE":
            del self.sessions[token]
            return 204, None
        if path != "messages":
            return 204, None
        return self._message(session, body)

    def _message(self, session: Session, body: dict[str, Any]) -> tuple[int, Any]:
        if body["id"] in session.seen:
            return 200, session.seen[body["id"]]
        if self.errors:
            status, replies = self.errors.pop(0)
            return status, {"error": {"code": "x", "message": "x"}, "replies": replies}
        text = body["text"] if "text" in body else session.titles[body["button"]]
        if self.next:
            replies, safety = self.next.pop(0)
        else:
            replies, safety = ANSWERS.get(text.split()[0].lower(), lambda: ([answer()], "none"))()
        session.turns.append({"id": body["id"], "from": "patient", "text": text, "at": ""})
        session.take(replies)
        session.seen[body["id"]] = {"replies": replies, "safety": safety}
        return 200, session.seen[body["id"]]

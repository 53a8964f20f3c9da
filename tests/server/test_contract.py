"""The website channel keeps its contract (docs/website-api.md) on the real server."""

from __future__ import annotations

import json
import sqlite3
import uuid
from typing import Any

import httpx
import pytest
from support import REPLY_KEYS, Chat, Server, assert_error, assert_reply

pytestmark = pytest.mark.server
JSON = {"Content-Type": "application/json"}


def new_id() -> str:
    return str(uuid.uuid4())


def test_a_reply_has_exactly_the_keys_of_the_contract(chat: Chat) -> None:
    for reply in [*chat.welcome, *chat.say("how is it treated?"), *chat.say("i need a person")]:
        assert set(reply) == REPLY_KEYS
        for button in reply["buttons"]:
            assert set(button) == {"id", "title", "topic"}
            assert (button["topic"] is not None) <= (reply["kind"] == "clarify")


def test_the_same_id_again_gives_the_same_replies_and_is_stored_once(chat: Chat) -> None:
    body = {"id": new_id(), "text": "what is a leaky valve?"}
    assert chat.post(body).json() == chat.post(body).json()
    turns = chat.client.get("history", headers=chat.headers).json()["turns"]
    assert [turn["id"] for turn in turns].count(body["id"]) == 1


def test_history_tells_both_sides_in_order(chat: Chat) -> None:
    replies = chat.say("what causes it?")
    turns = chat.client.get("history", headers=chat.headers).json()["turns"]
    assert [turn["from"] for turn in turns] == ["bot", "bot", "patient", "bot"]
    assert turns[2]["text"] == "what causes it?"
    assert turns[3]["reply"] == replies[0]
    assert all(turn["at"].endswith("Z") for turn in turns)


def test_feedback_and_events_are_taken_for_replies_of_this_chat_only(chat: Chat, server: Server) -> None:
    (reply,) = chat.say("is it hereditary?")
    feedback = {"reply": reply["id"], "helpful": True, "comment": "clear"}
    assert chat.client.post("feedback", json=feedback, headers=chat.headers).status_code == 204
    event = {"event": "phone_clicked", "reply": reply["id"], "target": "tel:+15015523400"}
    assert chat.client.post("events", json=event, headers=chat.headers).status_code == 204
    with httpx.Client(base_url=server.api, timeout=30) as client:
        other = Chat(client).start()
        assert_error(client.post("feedback", json=feedback, headers=other.headers), 404)


def test_a_button_of_another_chat_means_nothing(chat: Chat, server: Server) -> None:
    with httpx.Client(base_url=server.api, timeout=30) as client:
        foreign = Chat(client).start().welcome[0]["buttons"][0]["id"]
    for button in (foreign, "invented"):
        response = chat.post({"id": new_id(), "button": button})
        assert assert_error(response, 400)["code"] == "unknown_button"
        assert response.json()["replies"][0]["text"].startswith("That button cannot be used any more.")


def test_a_deleted_conversation_is_gone_and_its_token_ends(chat: Chat, server: Server) -> None:
    chat.say("a word that nobody else says: zanzibarquestion")
    assert chat.client.delete("conversation", headers=chat.headers).status_code == 204
    assert_error(chat.client.get("history", headers=chat.headers), 401)
    for name in ("website.db",):
        with sqlite3.connect(server.folder / name) as database:
            dump = "\n".join(database.iterdump())
        assert "zanzibarquestion" not in dump


@pytest.mark.parametrize("token", [None, "forged", "a.b.c", "x" * 5000])
def test_no_token_or_a_forged_one_is_401(chat: Chat, token: str | None) -> None:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    assert_error(chat.client.post("messages", json={"id": new_id(), "text": "hi"}, headers=headers), 401)


BAD_SHAPES: list[Any] = [
    [],
    5,
    "text",
    {},
    {"id": "1", "text": "hi"},
    {"id": "00000000-0000-4000-8000-000000000000"},
    {"id": "00000000-0000-4000-8000-000000000000", "text": 5},
    {"id": "00000000-0000-4000-8000-000000000000", "text": "a", "button": "b"},
    {"id": "00000000-0000-4000-8000-000000000000", "text": "a", "sender": "x"},
    {"id": "00000000-0000-4000-8000-000000000000", "button": {"$ne": 1}},
]


@pytest.mark.parametrize("body", BAD_SHAPES, ids=repr)
def test_another_shape_is_400(chat: Chat, body: Any) -> None:
    raw = json.dumps(body).encode()
    assert_error(chat.client.post("messages", content=raw, headers={**chat.headers, **JSON}), 400)


RAW = {
    "nothing": (b"", 400),
    "null": (b"null", 400),
    "half of an object": (b'{"id": ', 400),
    "not UTF-8": (b"\xff\xfe{}", 400),
    "deep": (b"[" * 7000 + b"]" * 7000, 400),
    "the same key twice": (b'{"id": "1", "id": "2", "text": "a"}', 400),
    "a number without end": (b'{"id": 1e999, "text": "a"}', 400),
    "too large": (b'{"id": "' + b"x" * 17000 + b'"}', 413),
    "far too large": (b"x" * 2_000_000, 413),
}


@pytest.mark.parametrize(("raw", "status"), RAW.values(), ids=RAW.keys())
def test_other_bytes_are_refused(chat: Chat, raw: bytes, status: int) -> None:
    assert_error(chat.client.post("messages", content=raw, headers={**chat.headers, **JSON}), status)


def test_another_content_type_is_415(chat: Chat) -> None:
    headers = {**chat.headers, "Content-Type": "text/plain"}
    assert_error(chat.client.post("messages", content=b'{"id": 1}', headers=headers), 415)


def test_a_text_is_as_long_as_it_is_after_normalisation(chat: Chat) -> None:
    assert chat.send("what is MitraClip? " + "\u200b" * 600).status_code == 200
    assert_error(chat.send("\ufdfa" * 40), 422)


@pytest.mark.parametrize("text", ["", "   ", "\u200b", "/", "\u0000", "x" * 501])
def test_empty_or_too_long_text_is_422(chat: Chat, text: str) -> None:
    assert_error(chat.post({"id": new_id(), "text": text}), 422)


COMMANDS = [
    *(
        "/restart",
        " /restart",
        "//restart",
        "/ /restart",
        "\t/restart",
        "\n/restart",
        "\u00a0/restart",
        "\u3000/restart",
    ),
    *("\uff0frestart", "\u200b/restart", "\ufeff\uff0frestart", "\u2060/restart", "\u00ad/restart", "\u202e/restart"),
    *(
        "\x00/restart",
        "/\u1680/restart",
        "\u3000/restart",
        "/session_start",
        "/back",
        '/ask_risks{"a":"b"}',
        "/ask_risks@1.0",
    ),
    *('/inform{"last_topic": "zanzibar"}', "/action_restart", "/EXTERNAL: zanzibar", "\ud800/restart"),
]


@pytest.mark.parametrize("text", COMMANDS, ids=ascii)
def test_a_typed_command_is_only_words(chat: Chat, server: Server, text: str) -> None:
    raw = f'{{"id": "{new_id()}", "text": {json.dumps(text)}}}'.encode()
    response = chat.client.post("messages", content=raw, headers={**chat.headers, **JSON})
    assert response.status_code == 200
    assert all(reply["kind"] != "emergency" for reply in response.json()["replies"])
    said = [turn["text"] for turn in chat.history() if turn["from"] == "patient"]
    assert len(said) == 1
    assert not said[0].startswith("/")
    with sqlite3.connect(server.folder / "website.db") as database:
        last = database.execute("SELECT max(id), session_id FROM website_turn").fetchone()[1]
        parts = database.execute("SELECT events FROM conversation_part WHERE conversation=? ORDER BY position", (last,))
        events = [event for (part,) in parts for event in json.loads(part)]
    database.close()
    assert [event["text"] for event in events if event["event"] == "user"] == said
    assert not [event for event in events if event["event"] in ("restart", "undo", "rewind")]
    assert [event["name"] for event in events if event["event"] == "action"].count("action_session_start") == 1


@pytest.mark.parametrize("escape", [r"\ud800", r"\u0000", r"\ud83d", r"\u202e", r"\ufdfa"])
def test_hostile_characters_get_an_answer_and_the_server_lives(chat: Chat, escape: str) -> None:
    raw = f'{{"id": "{new_id()}", "text": "what is {escape} mitraclip"}}'.encode()
    response = chat.client.post("messages", content=raw, headers={**chat.headers, **JSON})
    assert response.status_code == 200
    assert response.json()["replies"]
    assert chat.say("hello")


RASAS_OWN = (
    *("version", "status", "domain", "model", "model/train", "model/test", "model/parse", "model/predict"),
    *("conversations/x/tracker", "conversations/x/story", "conversations/x/execute", "conversations/x/messages"),
    *("conversations/x/trigger_intent", "conversations/x/predict", "conversations/x/tracker/events", "train", "parse"),
    *("webhooks/rest", "webhooks/rest/webhook", "webhooks/callback/webhook", "webhooks/website", "webhooks/website/"),
    *(
        "socket.io/",
        "webhooks",
        "api",
        "docs",
        "swagger",
        "actions",
        "metrics",
        "openapi.json",
        "openapi.yml",
        ".git/config",
    ),
)


@pytest.mark.parametrize("path", RASAS_OWN)
def test_rasas_own_http_surface_is_closed(server: Server, path: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE"):
        response = httpx.request(method, f"{server.url}/{path}")
        assert assert_error(response, 404)["code"] == "not_found"
    assert httpx.get(f"{server.url}/{path}?token=x").status_code == 404


def test_the_root_is_the_demonstration_page_and_names_no_version(server: Server) -> None:
    page = httpx.get(server.url + "/")
    assert page.headers["content-type"].startswith("text/html")
    for word in ("rasa", "sanic", "3.6"):
        assert word not in page.text.lower()
        assert word not in str(page.headers).lower()
    assert httpx.post(server.url + "/").status_code == 405


def test_an_unknown_path_of_the_channel_is_404(chat: Chat) -> None:
    assert chat.client.get("nothing").status_code == 404
    assert chat.client.get("widget/../../config.yml").status_code == 404


def test_the_widget_is_cached_by_its_hash(server: Server) -> None:
    first = httpx.get(server.api + "widget.js")
    assert first.status_code == 200
    assert first.headers["content-type"].startswith("text/javascript")
    again = httpx.get(server.api + "widget.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_head_request_has_the_headers_and_no_body(chat: Chat) -> None:
    for path in ("widget.js", "widget/demo.css", "health", "ready"):
        got, head = chat.client.get(path), chat.client.head(path)
        assert (head.status_code, head.content) == (got.status_code, b"")
        assert head.headers["content-length"] == got.headers["content-length"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", "/"), ("GET", "/favicon.ico"), ("GET", "/nothing"), ("GET", "/webhooks/website/widget.js")),
        *(
            ("GET", "/webhooks/website/health"),
            ("GET", "/webhooks/website/ready"),
            ("POST", "/webhooks/website/session"),
        ),
        *(("GET", "/webhooks/website/history"), ("GET", "/webhooks/website/messages"), ("HEAD", "/")),
        *(("POST", "/webhooks/website/messages"), ("OPTIONS", "/webhooks/website/messages"), ("OPTIONS", "/model")),
    ],
)
def test_every_response_carries_the_security_headers(server: Server, method: str, path: str) -> None:
    response = httpx.request(method, server.url + path, headers={"Origin": "https://evil.example"})
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
    assert response.headers["cache-control"]
    assert "server" not in response.headers
    assert not [name for name in response.headers if name.startswith(("access-control-", "x-powered"))]


def test_answers_are_not_kept_by_caches(chat: Chat) -> None:
    for response in (chat.client.get("history", headers=chat.headers), chat.send("hello"), chat.client.get("history")):
        assert response.headers["cache-control"] == "no-store"


def test_ready_asks_a_canary_question(server: Server) -> None:
    response = httpx.get(server.api + "ready", timeout=30)
    checks = {"model": "ok", "content": "ok", "conversations": "ok"}
    assert (response.status_code, response.json()["checks"]) == (200, checks)
    assert httpx.get(server.api + "health").json()["status"] == "ok"


def test_every_reply_keeps_the_shape_whatever_is_asked(chat: Chat) -> None:
    asked = (
        "what is MitraClip?",
        "how do I make an appointment?",
        "hello",
        "clip or surgery?",
        "hmm that thing",
        "bye",
    )
    for reply in [*chat.welcome, *(reply for text in asked for reply in chat.say(text))]:
        assert_reply(reply)


def test_a_pressed_button_stands_in_the_history_with_its_title(chat: Chat) -> None:
    button = chat.welcome[0]["buttons"][0]
    assert chat.press(button["id"])
    assert [turn["text"] for turn in chat.history() if turn["from"] == "patient"] == [button["title"]]


def test_every_session_has_a_token_and_buttons_of_its_own(chat: Chat) -> None:
    other = Chat(chat.client).start()
    assert other.token != chat.token
    ids = [button["id"] for welcome in (chat.welcome, other.welcome) for button in welcome[0]["buttons"]]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("feedback", {"reply": "x", "helpful": "yes"}, 400),
        ("feedback", {"reply": "unknown", "helpful": True}, 404),
        ("events", {"event": "exploded"}, 400),
        ("events", {"event": "link_clicked", "target": "javascript:alert(1)"}, 400),
        ("events", {"event": "closed", "reply": "unknown"}, 404),
    ],
)
def test_feedback_and_events_of_another_shape_or_reply_are_refused(
    chat: Chat, path: str, body: dict[str, Any], status: int
) -> None:
    assert_error(chat.client.post(path, json=body, headers=chat.headers), status)


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "messages", 405), ("PUT", "session", 405), ("GET", "a/b/c", 404)]
)
def test_a_call_that_the_contract_does_not_have_is_refused_in_words(
    chat: Chat, method: str, path: str, status: int
) -> None:
    assert_error(chat.client.request(method, path, headers=chat.headers), status)


def test_the_canary_is_not_stored(chat: Chat, server: Server) -> None:
    from valve_clinic.channel.health import CANARY

    chat.client.get("ready")
    for name in ("website.db",):
        with sqlite3.connect(server.folder / name) as database:
            assert CANARY not in "\n".join(database.iterdump())
        database.close()

"""Whatever bytes come, the server answers below 500 in words, and lives. It ends on none of them."""

from __future__ import annotations

import gzip
import json
import socket
import time
import uuid
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi import HOOKS
from support import Chat, Server, assert_reply, visiting

pytestmark = pytest.mark.server
JSON = {"Content-Type": "application/json"}
CLIENT_ID = "3f2b8c1e-5d4a-4f6b-9a7c-0123456789ab"
FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ANY_CHARACTERS = st.text(st.characters(exclude_categories=()), min_size=1, max_size=120)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_CHARACTERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_CHARACTERS, inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def visitor(server: Server) -> Iterator[Chat]:
    with visiting(server, event_hooks=HOOKS) as chat:
        yield chat


@pytest.fixture(scope="module", autouse=True)
def still_alive(server: Server) -> Iterator[None]:
    """After everything: the same process answers a question, and has written no traceback."""
    yield
    assert server.process.poll() is None
    with httpx.Client(base_url=server.api, timeout=30) as client:
        assert Chat(client).start().say("what is MitraClip?")[0]["topic"] == "ask_mitraclip"
    assert "Traceback" not in server.log.read_text()
    assert "zanzibar" not in server.log.read_text().lower(), "what strangers send is not logged"


def check(response: httpx.Response) -> None:
    assert response.status_code < 500, response.text
    body = response.json()
    assert body["replies"]
    for reply in body["replies"]:
        assert_reply(reply)


def message(text_in_json: str) -> bytes:
    return f'{{"id": "{uuid.uuid4()}", "text": "{text_in_json}"}}'.encode()


BODIES: dict[str, bytes] = {
    "nothing": b"",
    "a lone surrogate": message(r"what is \ud800 a leaky valve"),
    "a surrogate the wrong way round": message(r"\udc00\ud800 valve"),
    "a lone surrogate as the client's id": b'{"id": "\\ud800", "text": "hello"}',
    "a lone surrogate as a key": b'{"\\ud800": 1}',
    "NUL in the text": message(r"what is a\u0000b leaky valve"),
    "NUL alone": message(r"\u0000"),
    "raw NUL": b'{"id": "' + CLIENT_ID.encode() + b'", "text": "a\x00b"}',
    "bytes that are no UTF-8": b'{"id": "' + CLIENT_ID.encode() + b'", "text": "\xed\xa0\x80\xff"}',
    "UTF-16": '{"id": "x", "text": "hello"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "deep lists": b"[" * 8_000 + b"]" * 8_000,
    "deep objects": b'{"a":' * 2_500 + b"1" + b"}" * 2_500,
    "deep lists left open": b"[" * 16_000,
    "many keys": json.dumps({str(number): number for number in range(1_500)}).encode(),
    "the same key twice": b'{"id": "1", "id": "' + CLIENT_ID.encode() + b'", "text": "a", "text": "hello"}',
    "a number without end": b'{"id": 1e999, "text": ' + b"9" * 9_000 + b"}",
    "NaN": b'{"id": NaN, "text": Infinity}',
    "zalgo": message("what is a v" + "\u0301\u0316\u033f" * 150 + "alve"),
    "text that grows": message("\ufdfa" * 400),
    "right to left": message("\u202e what is a leaky valve \u2066"),
    "markup": message("<script>alert(1)</script> <img src=x onerror=alert(1)>"),
    "placeholders": message("{phone} {0.__class__} {{7*7}} %s %n ${jndi:ldap://x}"),
    "SQL": message("'; DROP TABLE website_session;-- \\\" OR 1=1"),
    "a command": message(r"/ask_risks{\"procedure\": \"mitraclip\"}"),
    "a command in disguise": message(r"\u200b\uff0frestart"),
    "a command behind an old blank": message(r"/\u1680/restart"),
    "200 KB": b'{"text": "' + b"x" * 200_000 + b'"}',
    "5 MB": b"x" * 5_000_000,
}


@pytest.mark.parametrize("path", ["messages", "feedback", "events", "session"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_hostile_body_is_answered_in_words(visitor: Chat, path: str, body: bytes) -> None:
    check(visitor.client.post(path, content=body, headers={**visitor.headers, **JSON}))


@FEW
@given(body=st.binary(max_size=300))
def test_any_bytes_are_answered_in_words(visitor: Chat, body: bytes) -> None:
    for path in ("messages", "feedback", "events"):
        check(visitor.client.post(path, content=body, headers={**visitor.headers, **JSON}))


@FEW
@given(data=ANY_JSON)
def test_any_json_is_answered_in_words(visitor: Chat, data: Any) -> None:
    for path in ("messages", "feedback", "events"):
        check(visitor.client.post(path, content=json.dumps(data).encode(), headers={**visitor.headers, **JSON}))


@FEW
@given(text=ANY_CHARACTERS)
def test_any_text_is_answered_in_words(visitor: Chat, text: str) -> None:
    body = json.dumps({"id": str(uuid.uuid4()), "text": text}).encode()
    check(visitor.client.post("messages", content=body, headers={**visitor.headers, **JSON}))


@FEW
@given(token=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=200))
def test_no_invented_token_opens_a_conversation(server: Server, token: str) -> None:
    response = httpx.get(server.api + "history", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 401
    check(response)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", gzip.compress(b"0" * 10_000_000)), ("deflate", zlib.compress(b"{}")), ("br", b"x")],
)
def test_a_compressed_body_is_not_unpacked(visitor: Chat, encoding: str, body: bytes) -> None:
    headers = {**visitor.headers, **JSON, "Content-Encoding": encoding}
    response = visitor.client.post("messages", content=body, headers=headers)
    assert response.status_code == 415
    check(response)


def test_the_words_of_a_stranger_do_not_come_back_in_an_answer(visitor: Chat) -> None:
    for reply in visitor.say("<b onclick=zanzibar()>what is zanzibar</b> {phone}"):
        assert "zanzibar" not in json.dumps(reply)


def test_a_hostile_message_holds_up_nobody_else(visitor: Chat) -> None:
    begun = time.monotonic()
    visitor.client.post("messages", content=b"x" * 5_000_000, headers={**visitor.headers, **JSON})
    assert visitor.say("hello")
    assert time.monotonic() - begun < 3


def raw(server: Server, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(request)
        return connection.recv(4_000)


POST = b"POST /webhooks/website/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
BROKEN: dict[str, bytes] = {
    "no HTTP": b"GARBAGE zanzibar\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a path that is no UTF-8": b"GET /webhooks/website/%ff HTTP/1.1\r\nHost: x\r\n\r\n",
    "raw bytes as the path": b"GET /webhooks/website/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    "a token that is no UTF-8": POST.replace(b"Host: x", b"Authorization: Bearer \xff\xfe") + b"\r\n",
    "a type that is no UTF-8": POST.replace(b"application/json", b"\xff") + b"Content-Length: 2\r\n\r\n{}",
    "a path without end": b"GET /webhooks/website/" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a header without a name": b"GET / HTTP/1.1\r\nzanzibar\r\n\r\n",
    "a method of its own": b"BREW /webhooks/website/health HTTP/1.1\r\nHost: x\r\n\r\n",
    "a method called NONE": b"NONE /webhooks/website/health HTTP/1.1\r\nHost: x\r\n\r\n",
    "bad chunks": POST + CHUNKED + b"\r\nzanzibar\r\nabc\r\n0\r\n\r\n",
    "bad chunks for nobody": POST.replace(b"messages", b"nothing") + CHUNKED + b"\r\nzanzibar\r\nabc\r\n0\r\n\r\n",
    "bad chunks for the page": b"GET / HTTP/1.1\r\nHost: x\r\n" + CHUNKED + b"\r\nzanzibar\r\nabc\r\n0\r\n\r\n",
    "a chunk without end": POST + CHUNKED + b"\r\n" + b"A" * 200,
    "a negative chunk": POST + CHUNKED + b"\r\n-5\r\nabc\r\n0\r\n\r\n",
    "a chunk of 4 GB": POST + CHUNKED + b"\r\nFFFFFFFF\r\nabc",
    "a negative length": POST + b"Content-Length: -5\r\n\r\n{}",
    "a length in words": POST + b"Content-Length: five\r\n\r\n{}",
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
    "a length and chunks": POST + CHUNKED + b"Content-Length: 2\r\n\r\n0\r\n\r\n",
    "another transfer encoding": POST + b"Transfer-Encoding: gzip\r\n\r\n{}",
    "another expectation": POST + b"Content-Length: 2\r\nExpect: magic\r\n\r\n{}",
    "a web socket": POST + b"Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("request_bytes", BROKEN.values(), ids=BROKEN.keys())
def test_broken_http_is_answered_in_words_too(server: Server, visitor: Chat, request_bytes: bytes) -> None:
    head, _, body = raw(server, request_bytes).partition(b"\r\n\r\n")
    assert head.split()[1].startswith(b"4")
    assert json.loads(body)["replies"][0]["kind"] == "notice"
    headers = head.lower()
    assert b"x-content-type-options: nosniff" in headers
    assert b"\r\nserver:" not in headers
    assert visitor.client.get("health", timeout=3).status_code == 200, "and nobody else has to wait"
    assert "Traceback" not in server.log.read_text()


def test_a_length_that_is_chunked_as_it_should_be_is_read(server: Server, visitor: Chat) -> None:
    def chunks() -> Iterator[bytes]:
        body = message("hello")
        yield body[:20]
        yield body[20:]

    response = visitor.client.post("messages", content=chunks(), headers={**visitor.headers, **JSON})
    assert response.status_code == 200


def test_a_connection_that_ends_in_the_middle_of_a_message_harms_nobody(server: Server, visitor: Chat) -> None:
    head = b"POST /webhooks/website/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
            connection.sendall(head)
    assert visitor.say("hello")

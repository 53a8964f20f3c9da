"""Too fast, too long, no database: a plain notice for a question, 911 for an emergency. A strict server of its own."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterator

import httpx
import pytest
from openapi import HOOKS
from support import Chat, Server, assert_error, start_server

pytestmark = pytest.mark.server
PER_SESSION, PER_ADDRESS = 3, 25
SITE = "https://clinic.example"
EMERGENCY = "crushing chest pain right now and i cant breathe"


@pytest.fixture(scope="module")
def strict(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with low limits; the common one has made sure that there is a model."""
    running = start_server(
        tmp_path_factory.mktemp("strict"),
        WEBSITE_MESSAGES_PER_MINUTE=str(PER_SESSION),
        WEBSITE_REQUESTS_PER_MINUTE=str(PER_ADDRESS),
        WEBSITE_ORIGINS=f"https://other.example,{SITE}",
    )
    yield running
    running.stop()


@pytest.fixture
def visitor(strict: Server, request: pytest.FixtureRequest) -> Iterator[Chat]:
    """A visitor from an address of its own: all of 127/8 is this machine."""
    address = f"127.0.0.{10 + [item.name for item in request.session.items].index(request.node.name) % 200}"
    with httpx.Client(
        base_url=strict.api, timeout=30, event_hooks=HOOKS, transport=httpx.HTTPTransport(local_address=address)
    ) as client:
        yield Chat(client).start()


def use_up(visitor: Chat) -> None:
    for _ in range(PER_SESSION):
        assert visitor.send("hello").status_code == 200


def test_a_session_that_is_too_fast_is_told_when_to_try_again(visitor: Chat) -> None:
    use_up(visitor)
    response = visitor.send("hello")
    assert_error(response, 429)
    assert 1 <= int(response.headers["retry-after"]) <= 60


def test_a_repeated_message_is_answered_after_the_limit_too(visitor: Chat) -> None:
    body = {"id": str(uuid.uuid4()), "text": "what is MitraClip?"}
    first = visitor.post(body)
    for _ in range(PER_SESSION - 1):
        visitor.send("hello")
    assert_error(visitor.send("hello"), 429)
    assert visitor.post(body).json() == first.json()


def test_history_feedback_and_deleting_are_not_counted_as_messages(visitor: Chat) -> None:
    use_up(visitor)
    assert len(visitor.history()) >= 2 * PER_SESSION
    opinion = {"reply": visitor.welcome[0]["id"], "helpful": True}
    assert visitor.client.post("feedback", json=opinion, headers=visitor.headers).status_code == 204
    assert visitor.client.delete("conversation", headers=visitor.headers).status_code == 204


def test_an_address_that_is_too_fast_is_refused_whatever_it_asks_but_the_probes_are_not(visitor: Chat) -> None:
    answers = [visitor.client.get("history", headers=visitor.headers) for _ in range(PER_ADDRESS)]
    assert answers[0].status_code == 200
    assert_error(answers[-1], 429)
    assert_error(visitor.client.post("session"), 429)
    for path in ("health", "ready", "widget.js"):
        assert visitor.client.get(path).status_code == 200


def assert_emergency(response: httpx.Response) -> None:
    assert response.status_code == 200, response.text
    assert response.json()["safety"] == "act"
    assert [reply["kind"] for reply in response.json()["replies"]] == ["emergency"]


def test_an_emergency_goes_through_the_limit_of_the_session(visitor: Chat) -> None:
    use_up(visitor)
    assert_emergency(visitor.send(EMERGENCY))
    assert_error(visitor.send("hello"), 429)


def test_an_emergency_goes_through_the_limit_of_the_address(visitor: Chat) -> None:
    for _ in range(PER_ADDRESS):
        visitor.client.get("history", headers=visitor.headers)
    assert_emergency(visitor.send(EMERGENCY))


def test_an_emergency_that_is_too_long_is_answered_and_a_question_is_not(visitor: Chat) -> None:
    assert_emergency(visitor.send(f"{EMERGENCY} please help me " * 12))
    assert_error(visitor.send("what is MitraClip and how does it work " * 20), 422)


def test_an_emergency_without_a_token_of_ours_is_401(visitor: Chat) -> None:
    visitor.token = "forged.token"
    assert_error(visitor.send(EMERGENCY), 401)


def test_without_a_database_an_emergency_is_answered_and_a_question_gets_a_notice(
    visitor: Chat, strict: Server
) -> None:
    with sqlite3.connect(strict.folder / "website.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            assert_emergency(visitor.send(EMERGENCY))
            assert_error(visitor.send("what is MitraClip?"), 503)
        finally:
            other.execute("ROLLBACK")
    other.close()
    assert visitor.send("what is MitraClip?").status_code == 200


def test_a_named_site_may_ask_before_it_sends_and_another_may_not(strict: Server) -> None:
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    allowed = httpx.options(strict.api + "messages", headers={**ask, "Origin": SITE})
    assert allowed.status_code == 204
    assert allowed.headers["access-control-allow-origin"] == SITE
    assert "POST" in allowed.headers["access-control-allow-methods"]
    assert "Authorization" in allowed.headers["access-control-allow-headers"]
    refused = httpx.options(strict.api + "messages", headers={**ask, "Origin": "https://evil.example"})
    assert not [name for name in refused.headers if name.startswith("access-control-")]


def test_a_named_site_may_read_answers_and_errors(strict: Server) -> None:
    for response in (
        httpx.post(strict.api + "session", headers={"Origin": SITE}),
        httpx.get(strict.api + "history", headers={"Origin": SITE}),
    ):
        assert response.headers["access-control-allow-origin"] == SITE
        assert "access-control-allow-credentials" not in response.headers
        assert json.loads(response.text)["replies"]


def test_a_proxys_word_about_the_address_is_not_taken_from_strangers(strict: Server) -> None:
    with httpx.Client(
        base_url=strict.api, timeout=30, transport=httpx.HTTPTransport(local_address="127.0.1.1")
    ) as client:
        statuses = [
            client.get("history", headers={"X-Forwarded-For": f"198.51.100.{number}"}).status_code
            for number in range(PER_ADDRESS + 2)
        ]
    assert statuses[0] == 401
    assert statuses[-1] == 429

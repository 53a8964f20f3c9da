"""The same checks on stock Rasa's `rest` channel and SQL store: they must fail there, or they prove nothing."""

from __future__ import annotations

import uuid

import httpx
import pytest
from sqlalchemy import create_engine, text

from faults.conftest import Factory
from faults.processes import PATIENCE, FaultServer, request
from faults.services import Postgres

STOCK = "faults.mains:stock"
QUESTION = "what are the risks of surgery"


@pytest.fixture(scope="module")
def stock(start: Factory) -> FaultServer:
    return start(main=STOCK)


def say(server: FaultServer, sender: object, words: str = QUESTION, timeout: float = 30.0) -> list[dict[str, object]]:
    body = {"sender": sender, "message": words}
    response = request("POST", f"{server.url}/webhooks/rest/webhook", json=body, timeout=timeout)
    assert response.status_code == 200
    return list(response.json())


def users(server: FaultServer, sender: str, url: str | None = None) -> int:
    engine = create_engine(url or f"sqlite:///{server.folder}/stock.db", future=True)
    with engine.connect() as connection:
        query = "SELECT count(*) FROM events WHERE sender_id = :sender AND type_name = 'user'"
        found = int(connection.execute(text(query), {"sender": sender}).scalar_one())
    engine.dispose()
    return found


def test_stock_fails_a1_a_surrogate_ends_the_server(start: Factory) -> None:
    server = start(main=STOCK)
    try:
        poison = b'{"sender": "\\ud800", "message": "hello"}'
        request("POST", f"{server.url}/webhooks/rest/webhook", content=poison)
    except httpx.HTTPError:
        pass
    assert server.zygote.wait(server.pid, 10 * PATIENCE) is not None, "stock Rasa survived: A1 proves nothing"


def test_stock_fails_a4_anybody_joins_any_conversation(stock: FaultServer) -> None:
    sender = uuid.uuid4().hex
    say(stock, sender)
    say(stock, sender, "I am somebody else")
    assert users(stock, sender) == 2, "stock Rasa asked who it is: A4 proves nothing"


def test_stock_fails_a6_a_slash_is_a_command(stock: FaultServer) -> None:
    sender = uuid.uuid4().hex
    say(stock, sender)
    assert say(stock, sender, "/restart") == [], "stock Rasa took it for words: A6 proves nothing"


def test_stock_fails_b1_actions_that_are_down_are_silence(start: Factory) -> None:
    server = start(main=STOCK, ACTION_ENDPOINT_URL="http://127.0.0.1:9/webhook")
    assert say(server, "ann") == [], "stock Rasa said something: B1 proves nothing"
    server.kill()


def test_stock_fails_b5_a_repeated_message_is_two_turns_and_a_left_one_is_lost(stock: FaultServer) -> None:
    sender = uuid.uuid4().hex
    say(stock, sender)
    say(stock, sender)
    assert users(stock, sender) == 2, "stock Rasa knew the message again: B5 proves nothing"


def test_stock_fails_b8_after_a_restart_of_postgresql_a_turn_is_lost(
    start: Factory, postgres: Postgres, database: str
) -> None:
    server = start(main=STOCK, STOCK_DATABASE=database)
    assert say(server, "ann")
    assert say(server, "ann", "how much does it cost")
    before = users(server, "ann", database)
    postgres.restart()
    assert say(server, "ann", "where is the clinic"), "it answers as if all were well"
    assert users(server, "ann", database) == before, "stock Rasa stored it: B8 proves nothing"
    server.kill()

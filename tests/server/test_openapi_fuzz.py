"""The running server keeps its OpenAPI document, whatever that allows and forbids to be sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from openapi import FOLDER, HOOKS, document
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from support import Chat, Server, visiting

pytestmark = pytest.mark.server
CHECKS = [
    not_a_server_error,
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]
SCHEMA = schemathesis.openapi.from_dict(document())
# What a query or a header that nobody reads says is not a matter of the contract.
SCHEMA.config.generation.update(deterministic=True, allow_extra_parameters=False, with_security_parameters=False)


@pytest.fixture(scope="module")
def visitor(server: Server) -> Iterator[Chat]:
    with visiting(server, event_hooks=HOOKS) as chat:
        yield chat


@pytest.fixture(scope="module", autouse=True)
def still_alive(server: Server, visitor: Chat) -> Iterator[None]:
    """After everything: the same process answers a question, and has written no traceback."""
    yield
    assert server.process.poll() is None
    assert visitor.say("what is MitraClip?")[0]["topic"] == "ask_mitraclip"
    assert "Traceback" not in server.log.read_text()


@SCHEMA.parametrize()
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_call_is_answered_as_documented(case: schemathesis.Case, server: Server, visitor: Chat) -> None:
    chat = Chat(visitor.client).start() if case.method == "DELETE" else visitor
    response = case.call(base_url=server.url + FOLDER, headers=chat.headers)
    case.validate_response(response, checks=CHECKS)


@SCHEMA.include(operation_id_regex="Message|Feedback|Event|History|Conversation|shareWords").parametrize()
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_call_is_answered_without_a_session(case: schemathesis.Case, server: Server) -> None:
    response = case.call(base_url=server.url + FOLDER)
    if case.method.upper() == "OPTIONS":
        # A browser's question before it asks; nobody's conversation is in the answer.
        assert (response.status_code, response.content) == (204, b"")
        return
    assert 400 <= response.status_code < 500
    case.validate_response(response, checks=CHECKS)

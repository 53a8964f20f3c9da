"""The quick check of an action's reply says what Rasa's own, slow one says."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasa.core.actions.action import RemoteAction

from valve_clinic import action_reply

SCHEMA = RemoteAction.action_response_format_spec()
SLOW = jsonschema.validators.validator_for(SCHEMA)(SCHEMA)
KINDS = sorted(kind["properties"]["event"]["const"] for kind in SCHEMA["properties"]["events"]["items"]["oneOf"])

_VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
_KEYS = st.sampled_from(["name", "value", "text", "timestamp", "metadata", "parse_data", "entities", "data", "policy"])
_EVENTS = st.builds(
    lambda kind, rest: {**rest, "event": kind},
    st.sampled_from([*KINDS, "none", "", None, 5]),
    st.dictionaries(_KEYS, _VALUES | st.dictionaries(_KEYS, _VALUES, max_size=2), max_size=4),
)
_REPLIES = _VALUES | st.fixed_dictionaries(
    {}, optional={"events": st.lists(_EVENTS | _VALUES, max_size=3) | _VALUES, "responses": st.lists(_VALUES) | _VALUES}
)


@given(reply=_REPLIES)
def test_both_checks_agree_on_any_reply(reply: Any) -> None:
    assert action_reply.is_sound(reply) == SLOW.is_valid(reply)


@pytest.mark.parametrize("kind", KINDS)
def test_both_checks_agree_on_each_kind_of_event(kind: str) -> None:
    event = {
        "event": kind,
        "name": "procedure",
        "value": "mitraclip",
        "entities": [],
        "use_text_for_featurization": True,
    }
    assert action_reply.is_sound({"events": [event], "responses": []}) == SLOW.is_valid({"events": [event]})


@pytest.mark.parametrize("strange", [{"a set"}, object(), b"bytes", "\ud800", {1: "a number as a key"}])
def test_what_is_no_json_is_left_to_rasa(strange: Any) -> None:
    assert not action_reply.is_sound({"events": [{"event": strange}], "responses": []})


def test_slots_and_responses_pass() -> None:
    events = [{"event": "slot", "timestamp": None, "name": "procedure", "value": "mitraclip"}]
    assert action_reply.is_sound({"events": events, "responses": [{"text": "Two to three days.", "buttons": []}]})


@pytest.mark.parametrize(
    "reply",
    [
        {"events": [{"event": "slot"}], "responses": []},
        {"events": [{"event": "none"}], "responses": []},
        {"events": [{}], "responses": []},
        {"events": "words", "responses": []},
        {"events": [], "responses": ["words"]},
        [],
    ],
)
def test_a_wrong_reply_does_not_pass(reply: Any) -> None:
    assert not action_reply.is_sound(reply)

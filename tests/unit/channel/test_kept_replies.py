"""A stored reply is short, and reads as it was given."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from valve_clinic.channel.models import TurnRow
from valve_clinic.channel.replies import build_replies
from valve_clinic.channel.store import WebsiteStore

_WORDS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)
_LONG = st.integers(0, 40).map(lambda times: "Call your doctor the same day. " * times)
_SAID = st.none() | _WORDS
_MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"text": _WORDS | _LONG},
        optional={
            "buttons": st.lists(st.fixed_dictionaries({"title": _WORDS, "payload": _WORDS}), max_size=3),
            "custom": st.fixed_dictionaries(
                {},
                optional={
                    "kind": st.sampled_from(["answer", "clarify", "handoff"]),
                    "topic": _SAID,
                    "variant": _SAID,
                    "links": st.lists(st.fixed_dictionaries({"title": _WORDS, "url": _WORDS}), max_size=2),
                    "source": _SAID,
                    "reference": _SAID,
                    "table": st.none() | st.lists(st.lists(_WORDS, max_size=2), max_size=2),
                    "revision": _WORDS,
                    "language": _SAID,
                },
            ),
        },
    ),
    max_size=3,
)


@given(messages=_MESSAGES)
def test_what_is_read_is_what_was_given(messages: list[dict[str, Any]]) -> None:
    kept = TurnRow.__table__.c.replies.type
    replies, _ = build_replies(messages)

    stored = json.loads(json.dumps(kept.process_bind_param(replies, None)))

    assert kept.process_result_value(stored, None) == replies


def test_what_a_reply_does_not_say_takes_no_room(engine: Engine) -> None:
    store = WebsiteStore(engine)
    replies, buttons = build_replies([{"text": "Hello – it’s me", "buttons": [{"title": "Hi", "payload": "/greet"}]}])
    store.start("s", replies, buttons)

    with Session(engine) as session:
        raw = session.execute(text("SELECT CAST(replies AS TEXT) FROM website_turn")).scalar_one()
        read = session.execute(select(TurnRow.replies)).scalar_one()

    ids = {"id": replies[0]["id"], "button": buttons[0].id}
    assert raw == (
        f'[{{"id":"{ids["id"]}","kind":"chitchat","text":"Hello – it’s me",'
        f'"buttons":[{{"id":"{ids["button"]}","title":"Hi"}}]}}]'
    )
    assert read == replies


def test_a_long_reply_takes_less_room_and_a_newer_way_of_packing_is_told(engine: Engine) -> None:
    store = WebsiteStore(engine)
    spoken = " ".join(f"Sentence {number} of an answer that nobody has read before." for number in range(20))
    replies, buttons = build_replies([{"text": spoken}])
    store.start("s", replies, buttons)

    with Session(engine) as session, session.begin():
        raw = session.execute(text("SELECT CAST(replies AS TEXT) FROM website_turn")).scalar_one()
        assert len(raw) < len(spoken) / 2
        assert store.turns("s")[0].replies == replies
        session.execute(text("UPDATE website_turn SET replies = :all"), {"all": json.dumps("2:abc")})

    with pytest.raises(ValueError, match="newer release"):
        store.turns("s")


def test_replies_of_an_earlier_release_are_read(engine: Engine) -> None:
    store = WebsiteStore(engine)
    replies, buttons = build_replies([{"text": "Hello"}])
    store.start("s", replies, buttons)
    with Session(engine) as session, session.begin():
        session.execute(text("UPDATE website_turn SET replies = :all"), {"all": json.dumps(replies)})

    assert store.turns("s")[0].replies == replies

"""Rasa's event keeps which revision of an answer was spoken, also where its text is stored with the turn alone."""

from __future__ import annotations

import json

from rasa.shared.core.events import BotUttered

from valve_clinic.storage import events


def test_the_bots_event_keeps_the_revision_without_the_text() -> None:
    said = BotUttered("An answer.", {"custom": {"kind": "answer", "revision": 12}, "buttons": [{"title": "More"}]})
    (stored,) = json.loads(events.write([said], "turn", keep_bot_text=False))
    assert stored["data"] == {"custom": {"revision": 12}}
    assert "An answer." not in json.dumps(stored)


def test_an_event_without_a_revision_keeps_nothing() -> None:
    (stored,) = json.loads(events.write([BotUttered("Hi.", {"custom": {"kind": "x"}})], "turn", keep_bot_text=False))
    assert not stored.get("data")

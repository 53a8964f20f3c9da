"""A code stands once, in the last reply that hands off, to be read and to be heard."""

from __future__ import annotations

from valve_clinic.channel import references
from valve_clinic.handoff import code


def reply(kind: str, text: str = "A text.") -> dict[str, object]:
    return {"kind": kind, "text": text, "reference": None}


def test_the_last_reply_that_hands_off_has_the_code_and_the_others_stay_as_they_are() -> None:
    replies = [reply("handoff"), reply("handoff"), reply("notice")]
    told = code.tell(replies, "4F7K-9QXM", 24)
    assert (told[0], told[2]) == (replies[0], replies[2])
    assert told[1]["reference"] == "4F7K-9QXM"
    text = str(told[1]["text"])
    assert text.startswith("A text.\n\nYour code for this chat is 4F7K-9QXM.")
    assert "4 F 7 K, 9 Q X M" in text
    assert "24 hours" in text
    assert replies[1]["reference"] is None


def test_a_turn_without_a_hand_off_has_no_code_due() -> None:
    assert not code.is_due([reply("answer"), reply("emergency")])
    assert code.is_due([reply("answer"), reply("handoff")])


def test_what_is_spelled_out_is_the_code_again_when_it_is_typed_as_it_is_heard() -> None:
    for _ in range(200):
        made = references.make()
        assert references.read(code.spelled(made)) == made
    assert code.spelled("4F7K-9QXM") == "4 F 7 K, 9 Q X M"

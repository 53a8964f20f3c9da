"""An emergency is answered even when its message is refused: too long, too fast, or with the database down."""

from __future__ import annotations

import asyncio
from typing import Any

from valve_clinic.channel.replies import build_replies, from_response, safety_of

#: Refusals that an emergency goes through; 400 and 401 are not among them, as there is no message or no visitor.
REFUSALS = frozenset({422, 429, 503})
_INTENT, _RESPONSE = "report_emergency", "utter_emergency"
_SECONDS = 2.0


async def emergency_answer(agent: Any, text: str) -> dict[str, Any] | None:
    """Return the turn with the fixed emergency text when the model takes `text` for one, else None; stores nothing."""
    try:
        parsed = await asyncio.wait_for(agent.parse_message(text), _SECONDS)
        if parsed["intent"]["name"] != _INTENT:
            return None
        replies, _ = build_replies([from_response(agent.domain.responses[_RESPONSE])])
    except Exception:
        return None  # the refusal itself names 911
    return {"replies": replies, "safety": safety_of(replies)}

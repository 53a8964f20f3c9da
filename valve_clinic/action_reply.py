"""Checks the reply of a custom action against Rasa's own schema, in a fraction of the time.

The schema lists two dozen kinds of events, each with its name as a constant, and a validator tries every kind on every
event (rasa/core/actions/action.py, action_response_format_spec; rasa/shared/core/events.py has the kinds). Only the
kind of that name can fit, so only that one is tried.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jsonschema.validators
from rasa.core.actions.action import RemoteAction


def is_sound(reply: Any) -> bool:
    """Return whether the reply fits the schema; what is wrong with one that does not is left to Rasa to say."""
    whole, kinds = _checks()
    if not whole.is_valid(reply):
        return False
    return all(_fits(event, kinds) for event in reply.get("events", ()))


def _fits(event: Any, kinds: dict[str, Any]) -> bool:
    name = event.get("event") if isinstance(event, dict) else None
    kind = kinds.get(name) if isinstance(name, str) else None
    return kind is not None and bool(kind.is_valid(event))


@lru_cache(maxsize=1)
def _checks() -> tuple[Any, dict[str, Any]]:
    """Return the check of a reply without its events, and that of each kind of event by its name."""
    schema = RemoteAction.action_response_format_spec()
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    item = schema["properties"]["events"]["items"]
    general = {key: value for key, value in item.items() if key != "oneOf"}
    kinds = {kind["properties"]["event"]["const"]: validator(_both(general, kind)) for kind in item["oneOf"]}
    without_events = {**schema, "properties": {**schema["properties"], "events": {"type": "array"}}}
    return validator(without_events), kinds


def _both(general: dict[str, Any], kind: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of what fits both, without the detour over `allOf` where the two say nothing else of one thing.

    The name of the event is the one thing of which both speak, and the kind says more of it: which one.
    """
    shared = general.get("properties", {}).keys() & kind.get("properties", {}).keys()
    if not kind.keys() <= {"properties", "required"} or shared != {"event"}:
        return {"allOf": [general, kind]}
    properties = {**general["properties"], **kind["properties"]}
    required = [*general.get("required", ()), *kind.get("required", ())]
    return {**general, "properties": properties, "required": sorted({*required})}

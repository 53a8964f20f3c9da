"""Reads requests: whatever bytes come, either the contract's shape or an error that says what is wrong."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from sanic.request import Request

from valve_clinic.channel.errors import ApiError
from valve_clinic.channel.text import MAX_CHARACTERS, clean

MAX_BODY = 16 * 1024
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_OPAQUE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_EVENTS = ("phone_clicked", "link_clicked", "closed")
_TARGET = re.compile(r"(https:|tel:|sms:|/)[\x21-\x7e]{0,300}")
_SHAPE = 'the body must be {"id": UUID, "text": "…"} or {"id": UUID, "button": "…"}'


@dataclass(frozen=True)
class Message:
    """A patient's message: a cleaned text, or a pressed button."""

    client_id: str
    text: str | None
    button: str | None


@dataclass(frozen=True)
class Feedback:
    """Whether a reply helped."""

    reply: str
    helpful: bool
    comment: str | None


@dataclass(frozen=True)
class Event:
    """Something the visitor did beside typing."""

    event: str
    reply: str | None
    target: str | None


def address_of(request: Request) -> str:
    """Return the visitor's address: the one a trusted proxy names, else the socket's."""
    return str(request.remote_addr or request.ip)


def bearer_token(request: Request) -> str:
    """Return the session token of the Authorization header; raises 401."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise ApiError.unauthorized()
    return str(token.strip())


def read_message(request: Request) -> Message:
    """Return the message; raises 400, 413, 415 or, for an empty or too long text, 422."""
    data = _read_object(request)
    client_id, text, button = data.get("id"), data.get("text"), data.get("button")
    if not isinstance(client_id, str) or not _UUID.fullmatch(client_id) or set(data) - {"id", "text", "button"}:
        raise ApiError.bad_request(_SHAPE)
    if (text is None) == (button is None):
        raise ApiError.bad_request(_SHAPE)
    if button is not None:
        if not isinstance(button, str) or not _OPAQUE.fullmatch(button):
            raise ApiError.bad_request(_SHAPE)
        return Message(client_id.lower(), None, button)
    if not isinstance(text, str):
        raise ApiError.bad_request(_SHAPE)
    cleaned = clean(text)
    if not cleaned:
        raise ApiError(422, "empty", "The text is empty.", "I did not get any words. Please type your question.")
    if len(cleaned) > MAX_CHARACTERS or len(text) > MAX_CHARACTERS:
        raise ApiError(
            422,
            "too_long",
            f"The text is over {MAX_CHARACTERS} characters.",
            "That is a long message for me. Please ask in a few sentences, one question at a time.",
        )
    return Message(client_id.lower(), cleaned, None)


def text_of(request: Request) -> str | None:
    """Return the cleaned text of a message, however long it is, or None when there is none."""
    try:
        text = _read_object(request).get("text")
    except ApiError:
        return None
    return clean(text) or None if isinstance(text, str) else None


def read_feedback(request: Request) -> Feedback:
    """Return the feedback; raises 400, 413, 415 or 422."""
    data = _read_object(request)
    reply, helpful, comment = data.get("reply"), data.get("helpful"), data.get("comment")
    if not isinstance(reply, str) or not _OPAQUE.fullmatch(reply) or not isinstance(helpful, bool):
        raise ApiError.bad_request('the body must be {"reply": REPLY_ID, "helpful": true|false, "comment"?: "…"}')
    if comment is not None and not isinstance(comment, str):
        raise ApiError.bad_request("the comment must be a text")
    if comment is not None and len(comment) > MAX_CHARACTERS:
        raise ApiError(422, "too_long", f"The comment is over {MAX_CHARACTERS} characters.")
    return Feedback(reply, helpful, clean(comment) or None if comment is not None else None)


def read_event(request: Request) -> Event:
    """Return the event; raises 400, 413 or 415."""
    data = _read_object(request)
    event, reply, target = data.get("event"), data.get("reply"), data.get("target")
    if event not in _EVENTS:
        raise ApiError.bad_request(f"the event must be one of {', '.join(_EVENTS)}")
    if reply is not None and (not isinstance(reply, str) or not _OPAQUE.fullmatch(reply)):
        raise ApiError.bad_request("reply must be a reply's id")
    if target is not None and (not isinstance(target, str) or not _TARGET.fullmatch(target)):
        raise ApiError.bad_request("target must be the address of a link that was shown")
    return Event(event, reply, target)


def check_empty_or_json(request: Request) -> None:
    """Accept no body or a JSON one; raises 400, 413 or 415."""
    if request.body:
        _read_object(request)


def _read_object(request: Request) -> dict[str, Any]:
    if len(request.body) > MAX_BODY:
        raise ApiError.too_large()
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise ApiError(415, "not_json", "The content type must be application/json.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise ApiError(415, "encoded", "The body must not be compressed.")
    try:
        data = json.loads(request.body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ApiError.bad_request("The body is not JSON in UTF-8.") from None
    if not isinstance(data, dict):
        raise ApiError.bad_request("The body must be a JSON object.")
    return data

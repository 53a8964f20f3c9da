"""Reads requests: whatever bytes come, either the contract's shape or an error that says what is wrong."""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sanic.request import Request

from valve_clinic.channel.errors import ApiError
from valve_clinic.channel.text import MAX_CHARACTERS, clean
from valve_clinic.content.schema import ENGLISH
from valve_clinic.operations import metrics
from valve_clinic.privacy import kept, masker

MAX_BODY = 16 * 1024
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_OPAQUE = re.compile(r"[A-Za-z0-9_-]{1,64}")
EVENTS = ("phone_clicked", "link_clicked", "closed")
_TARGET = re.compile(r"(https:|tel:|sms:|/)[\x21-\x7e]{0,300}")
#: How many addresses are remembered as they are counted: each request asks twice.
_ADDRESSES = 1024
#: Some proxies name the port as well: "192.0.2.1:4711", "[2001:db8::1]:4711".
_PORT = re.compile(r"^(\d+\.\d+\.\d+\.\d+|\[.+\]):\d+$")
_SHAPE = 'the body must be {"id": UUID, "text": "…"} or {"id": UUID, "button": "…"}, with "language"?: "en"'
#: A language as browsers name it: "es", "es-MX".
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")

_FEEDBACK_SHAPE = 'the body must be {"reply": REPLY_ID, "helpful": true|false, "comment"?: "…"}'


@dataclass(frozen=True)
class Message:
    """A patient's message: a cleaned and masked text, or a pressed button."""

    client_id: str
    text: str | None
    button: str | None
    #: The language of the visitor's side: "en", "es".
    language: str = "en"


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
    """Return whom an address limit counts: the address a trusted proxy names, else the socket's.

    Of IPv6 it is the network of 64 bits, for any of its addresses is one visitor's to choose.
    """
    named = _counted(str(request.remote_addr)) or _counted(str(request.ip))
    return named or str(request.ip)


@lru_cache(_ADDRESSES)
def _counted(named: str) -> str | None:
    found = _PORT.sub(r"\1", named).strip("[]").partition("%")[0]
    try:
        address = ipaddress.ip_address(found)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))


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
    if not isinstance(client_id, str) or not _UUID.fullmatch(client_id):
        raise ApiError.bad_request(_SHAPE)
    if set(data) - {"language"} not in ({"id", "text"}, {"id", "button"}):
        raise ApiError.bad_request(_SHAPE)
    language = _language_of(data)
    if "button" in data:
        if not isinstance(button, str) or not _OPAQUE.fullmatch(button):
            raise ApiError.bad_request(_SHAPE)
        return Message(client_id.lower(), None, button, language)
    if not isinstance(text, str):
        raise ApiError.bad_request(_SHAPE)
    cleaned = clean(text)
    if not cleaned:
        raise ApiError(422, "empty", "The text is empty.", "I did not get any words. Please type your question.")
    if len(cleaned) > MAX_CHARACTERS:
        raise ApiError(
            422,
            "too_long",
            f"The text is over {MAX_CHARACTERS} characters.",
            "That is a long message for me. Please ask in a few sentences, one question at a time.",
        )
    return Message(client_id.lower(), _masked(cleaned), None, language)


def text_of(request: Request) -> str | None:
    """Return the cleaned text of a message, not masked, up to the body's limit: to look for danger, never to keep."""
    try:
        text = _read_object(request).get("text")
    except ApiError:
        return None
    # Some characters are eighteen when they are normalised: a small body must not become an hour's reading.
    return clean(text)[:MAX_BODY] or None if isinstance(text, str) else None


def read_feedback(request: Request) -> Feedback:
    """Return the feedback; raises 400, 413, 415 or 422."""
    data = _read_object(request)
    reply, helpful, comment = data.get("reply"), data.get("helpful"), data.get("comment")
    if not isinstance(reply, str) or not _OPAQUE.fullmatch(reply) or not isinstance(helpful, bool):
        raise ApiError.bad_request(_FEEDBACK_SHAPE)
    if not isinstance(comment, str | None) or set(data) - {"reply", "helpful", "comment"}:
        raise ApiError.bad_request(_FEEDBACK_SHAPE)
    cleaned = clean(comment or "")
    if len(cleaned) > MAX_CHARACTERS:
        raise ApiError(
            422,
            "too_long",
            f"The comment is over {MAX_CHARACTERS} characters.",
            "That is a long comment for me. Please say it in a few sentences.",
        )
    return Feedback(reply, helpful, _masked(cleaned) or None)


def read_share(request: Request) -> str:
    """Return the id of the reply beside which sharing was pressed; raises 400, 413 or 415."""
    data = _read_object(request)
    reply = data.get("reply")
    if set(data) != {"reply"} or not isinstance(reply, str) or not _OPAQUE.fullmatch(reply):
        raise ApiError.bad_request('the body must be {"reply": REPLY_ID}')
    return reply


def read_event(request: Request) -> Event:
    """Return the event; raises 400, 413 or 415."""
    data = _read_object(request)
    event, reply, target = data.get("event"), data.get("reply"), data.get("target")
    if set(data) - {"event", "reply", "target"}:
        raise ApiError.bad_request('the body must be {"event": …, "reply"?: REPLY_ID, "target"?: "…"}')
    if event not in EVENTS:
        raise ApiError.bad_request(f"the event must be one of {', '.join(EVENTS)}")
    if reply is not None and (not isinstance(reply, str) or not _OPAQUE.fullmatch(reply)):
        raise ApiError.bad_request("reply must be a reply's id")
    if target is not None and (not isinstance(target, str) or not _TARGET.fullmatch(target)):
        raise ApiError.bad_request("target must be the address of a link that was shown")
    return Event(event, reply, kept.target_of(target) if target is not None else None)


def read_start(request: Request) -> str:
    """Return the language of the visitor's side from no body or a JSON one; raises 400, 413 or 415."""
    return _language_of(_read_object(request)) if request.body else ENGLISH


def _language_of(data: dict[str, Any]) -> str:
    """Return the language without its region; raises 400 for what is none."""
    language = data.get("language", ENGLISH)
    if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
        raise ApiError.bad_request('language must be such as "en" or "es"')
    return language.partition("-")[0].lower()


def _masked(text: str) -> str:
    """Mask a text and count, by kind, what was masked: a cue that stops working shows as a count that stops."""
    spans = masker.find_in_turn(text)
    for span in spans:
        metrics.count_masked(span.kind)
    return masker.replace(text, spans)


def _read_object(request: Request) -> dict[str, Any]:
    if len(request.body) > MAX_BODY:
        raise ApiError.too_large()
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise ApiError(415, "not_json", "The content type must be application/json.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise ApiError(415, "encoded", "The body must not be compressed.")
    try:
        data = json.loads(request.body.decode("utf-8"), object_pairs_hook=_without_doubles, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise ApiError.bad_request("The body is not JSON in UTF-8.") from None
    if not isinstance(data, dict):
        raise ApiError.bad_request("The body must be a JSON object.")
    return data


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that says the same key twice: which of the two somebody meant is a guess."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse(constant: str) -> None:
    """Refuse NaN and Infinity, which Python's parser takes and JSON does not have."""
    raise ValueError(f"{constant} is not JSON")

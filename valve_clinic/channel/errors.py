"""The channel's errors: a code for programs, and for the patient a sentence with the clinic's number."""

from __future__ import annotations

import logging
from typing import Any

from sanic.response import HTTPResponse, json

from valve_clinic import paths
from valve_clinic.channel.replies import build_replies, from_response
from valve_clinic.content.loader import load_clinic
from valve_clinic.content.problems import ContentError
from valve_clinic.content.schema import Clinic

logger = logging.getLogger(__name__)
_ADVICE = "You can call the Valve Clinic's appointment line at {phone}. In an emergency, call 911."


#: The domain's response for a turn that cannot be answered.
APOLOGY = "utter_cannot_answer_now"


class ApiError(Exception):
    """An answer other than 2xx; `notice` is what the patient reads before the phone line."""

    def __init__(
        self, status: int, code: str, message: str, notice: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.notice = notice or "I am sorry, that did not work."
        self.headers = headers or {}
        super().__init__(message)

    @classmethod
    def bad_request(cls, message: str) -> ApiError:
        """Not JSON, or not the shape of the contract."""
        return cls(400, "bad_request", message)

    @classmethod
    def unknown_button(cls) -> ApiError:
        """A button that this conversation was not given."""
        return cls(
            400,
            "unknown_button",
            "There is no such button in this conversation.",
            "That button cannot be used any more. Please type your question.",
        )

    @classmethod
    def no_code(cls) -> ApiError:
        """A conversation that was not given a reference code, or whose code has ended."""
        return cls(
            404,
            "no_code",
            "This conversation has no reference code that works.",
            "There is no code for this chat that works any more. Ask to talk to a person to get one.",
        )

    @classmethod
    def unauthorized(cls) -> ApiError:
        """No token, a forged one, or one of a session that ended."""
        return cls(
            401, "no_session", "The session is missing or has ended.", "This chat has ended. Please start again."
        )

    @classmethod
    def too_large(cls) -> ApiError:
        """The body is over 16 KiB."""
        return cls(413, "too_large", "The request body is over 16 KiB.", "I am sorry, that message is too long for me.")

    @classmethod
    def too_many(cls, seconds: int) -> ApiError:
        """Too fast; `seconds` until the next try."""
        return cls(
            429,
            "too_many_requests",
            f"Too many requests; try again in {seconds} seconds.",
            "That was a little fast for me. Please wait a moment and send it again.",
            {"Retry-After": str(seconds)},
        )

    @classmethod
    def unavailable(cls) -> ApiError:
        """The turn could not be answered now."""
        return cls(503, "unavailable", "The question cannot be answered now.", "I am sorry, I cannot answer right now.")


def error_response(error: ApiError, agent: Any = None) -> HTTPResponse:
    """Return the error as the contract says: never an empty list, never a stack trace."""
    reply = _reviewed_apology(agent) if error.status == 503 else None
    body = {"error": {"code": error.code, "message": error.message}, "replies": [reply or notice(error.notice)]}
    return json(body, status=error.status, headers=error.headers)


def _reviewed_apology(agent: Any) -> dict[str, Any] | None:
    """Return the domain's own text for "cannot answer now", or None when it is not there or names another number.

    A model keeps the number it was trained with.
    """
    domain = getattr(agent, "domain", None)
    responses = getattr(domain, "responses", None) or {}
    if APOLOGY not in responses:
        return None
    replies, _ = build_replies([from_response(responses[APOLOGY])])
    return replies[0] if notice_clinic().phone in replies[0]["text"] else None


def notice(sentence: str) -> dict[str, Any]:
    """Return a `notice` reply: the sentence, the clinic's number and 911. Needs neither model nor database."""
    clinic = notice_clinic()
    message = from_response(
        [
            {
                "text": f"{sentence}\n\n{_ADVICE.format(phone=clinic.phone)}",
                "custom": {"kind": "notice", "links": [{"title": f"Call the {clinic.name}", "url": clinic.tel}]},
            }
        ]
    )
    replies, _ = build_replies([message])
    return replies[0]


class _ClinicFile:
    """The clinic's data, read again when its file changes: as it says, or as it said last while somebody edits it."""

    def __init__(self) -> None:
        self._seen: tuple[int, int] | None = None
        self._clinic: Clinic | None = None

    def read(self) -> Clinic:
        try:
            found = paths.CLINIC_FILE.stat()
            changed = (found.st_mtime_ns, found.st_size)
            if changed != self._seen or self._clinic is None:
                self._seen = changed  # before it is read: a file that is not right is tried once
                self._clinic = load_clinic(paths.CLINIC_FILE)
        except (ContentError, OSError) as error:
            if self._clinic is None:
                raise
            logger.error("content/clinic.yml cannot be read (%s); its last data stay in use", type(error).__name__)
        return self._clinic


_clinic_file = _ClinicFile()


def notice_clinic() -> Clinic:
    """Return the clinic's data for a notice; raises `ContentError` or `OSError` only when they were never right."""
    return _clinic_file.read()

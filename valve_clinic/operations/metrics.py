"""Counts for Prometheus. Labels come from fixed sets: no text, no address, no conversation can get into one."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from valve_clinic import settings

REGISTRY = CollectorRegistry()
#: Kinds of reply and levels as docs/website-api.md has them; anything else is counted as "other".
KINDS = frozenset(
    {
        *("answer", "clarify", "handoff", "emergency", "crisis", "check", "same_day", "advice_declined", "chitchat"),
        "notice",
    }
)
SAFETY = frozenset({"none", "check", "act"})
CODES = frozenset(
    {
        *("bad_request", "no_session", "not_found", "bad_method", "too_large", "not_json", "encoded", "empty"),
        *("too_long", "no_code", "unknown_reply", "unknown_button", "too_many_requests", "unavailable", "abandoned"),
    }
)
#: The kinds of valve_clinic/privacy/patterns.yml, and names.
MASKED = frozenset({"name", "email", "ssn", "card", "birth", "date", "record", "phone", "address", "number"})
#: Seconds; a turn's deadline is 5.
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 8.0)

turns = Counter(
    "valve_clinic_turns",
    "Turns answered, by the kind of the first reply and the level",
    ["kind", "safety"],
    registry=REGISTRY,
)
turn_seconds = Histogram("valve_clinic_turn_seconds", "How long a turn took", buckets=BUCKETS, registry=REGISTRY)
in_flight = Gauge("valve_clinic_turns_in_flight", "Turns under way", registry=REGISTRY)
errors = Counter("valve_clinic_errors", "Requests that were refused or failed, by code", ["code"], registry=REGISTRY)
deadlines = Counter("valve_clinic_deadlines_passed", "Turns that took too long", registry=REGISTRY)
masked = Counter("valve_clinic_masked", "Personal data masked before storing, by what", ["what"], registry=REGISTRY)
ready = Gauge("valve_clinic_ready", "Whether the last canary was answered", registry=REGISTRY)


class MetricsError(RuntimeError):
    """The metrics' port cannot be listened on."""


def bounded(value: object, known: frozenset[str]) -> str:
    """Return the value when it is a known one, else "other"."""
    return value if isinstance(value, str) and value in known else "other"


def count_masked(what: str, number: int = 1) -> None:
    """Count personal data that was masked."""
    masked.labels(bounded(what, MASKED)).inc(number)


def serve() -> None:
    """Listen on METRICS_PORT of METRICS_HOST in a thread of its own; does nothing where the port is unset."""
    port = settings.get_int("METRICS_PORT", 0)
    if not port:
        return
    host = settings.value("METRICS_HOST")
    try:
        start_http_server(port, host, registry=REGISTRY)
    except OSError as error:
        raise MetricsError(f"the metrics cannot listen on {host}:{port} ({error.strerror})") from None

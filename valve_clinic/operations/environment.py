"""Checks the environment: settings nobody reads, values that cannot be used, secrets in files of the repository."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from valve_clinic import settings
from valve_clinic.operations.finding import Finding

#: A variable counts as a misspelt setting from this likeness on (difflib's ratio).
_LIKENESS = 0.75
#: Without one of our prefixes it must be nearly the same: other programs have settings too.
_FOREIGN_LIKENESS = 0.9
#: First words that other programs use as well.
_SHARED_PREFIXES = {"LOG", "REQUIRE", "HOST", "PORT", "SANIC", "RASA", "CONTENT", "ACTION"}
#: Limits of credentials.yml: their environment variable, the least and the most.
LIMITS = {
    "messages_per_minute": ("WEBSITE_MESSAGES_PER_MINUTE", 0, 100_000),
    "requests_per_minute": ("WEBSITE_REQUESTS_PER_MINUTE", 0, 1_000_000),
    "turn_seconds": ("WEBSITE_TURN_SECONDS", 1, 59),
}
#: The policies of valve_clinic/content/policy.py, which would import too much before the start.
POLICIES = ("all", "clinic-only")
TRANSLATIONS = ("published", "drafts")
_NUMBERS = {
    "SANIC_REQUEST_MAX_SIZE": (16_384, 1_048_576),
    "SANIC_REQUEST_TIMEOUT": (1, 60),
    "SANIC_RESPONSE_TIMEOUT": (2, 60),
    "SANIC_GRACEFUL_SHUTDOWN_TIMEOUT": (1, 60),
}
#: What the URL of a service may begin with; `postgresql+psycopg2` counts as `postgresql`.
_SCHEMES = {
    "LOCK_URL": ("redis", "rediss", "unix", "postgresql"),
    "EVENT_BROKER_URL": ("amqp", "amqps"),
}
_SECRET_KEY = re.compile(r"(?i)(password|passwd|secret|token|jwt_key|api_key|private_key|sasl_plain)")
_FROM_ENVIRONMENT = re.compile(r"^\$\{[A-Za-z_][A-Za-z0-9_]*\}$")
_PASSWORD_IN_URL = re.compile(r"^[a-z0-9+]+://[^/@:]+:(?!\$\{)[^/@]+@")


def check_names(environment: Mapping[str, str] = os.environ) -> list[Finding]:
    """Return the variables that look like a setting and are none."""
    known = {setting.name for setting in settings.SETTINGS}
    prefixes = {name.split("_")[0] for name in known if "_" in name} - _SHARED_PREFIXES
    found = []
    for name in sorted(set(environment) - known):
        prefix, _, rest = name.partition("_")
        if prefix in prefixes:
            rests = {other.partition("_")[2]: other for other in known if other.startswith(f"{prefix}_")}
            near = difflib.get_close_matches(rest, rests, n=1, cutoff=_LIKENESS)
            near = [rests[near[0]]] if near else []
        else:
            near = difflib.get_close_matches(name, known, n=1, cutoff=_FOREIGN_LIKENESS)
        if near:
            found.append(Finding(f"the setting {name} is unknown", f"did you mean {near[0]}?"))
    return found


def check_values(credentials: Path) -> list[Finding]:
    """Return the settings and limits whose values cannot be used."""
    found = []
    for name, (least, most) in _NUMBERS.items():
        found += _check_number(name, settings.get(name), least, most)
    in_file = _website_part(credentials)
    for key, (variable, least, most) in LIMITS.items():
        found += _check_number(variable, settings.get(variable), least, most)
        if key in in_file:
            found += _check_number(f"{credentials.name}: {key}", str(in_file[key]), least, most)
    found += _check_number("PORT", settings.get("PORT"), 1, 65535)
    found += _check_number("METRICS_PORT", settings.get("METRICS_PORT"), 1, 65535)
    found = found or _check_ladder(str(in_file.get("turn_seconds", 5)))
    metrics = settings.get("METRICS_PORT")
    if metrics is not None and metrics == settings.value("PORT"):
        found.append(Finding(f"METRICS_PORT is the public port {metrics}", "choose another port for the metrics"))
    log_format = settings.get("LOG_FORMAT")
    if log_format not in (None, "plain", "json"):
        found.append(Finding(f"LOG_FORMAT must be plain or json, not {log_format!r}", "correct it"))
    for name, known in (("CONTENT_POLICY", POLICIES), ("CONTENT_TRANSLATIONS", TRANSLATIONS)):
        chosen = settings.get(name)
        if chosen not in (None, *known):
            found.append(Finding(f"{name} must be {' or '.join(known)}, not {chosen!r}", "correct it"))
    for name in ("CONTENT_DATABASE_URL", "WEBSITE_DATABASE_URL"):
        url = settings.get(name)
        if url is not None and "://" not in url:
            found.append(Finding(f"{name} is no SQLAlchemy URL", "write sqlite:///FILE or postgresql://USER@HOST/NAME"))
    for name, schemes in _SCHEMES.items():
        found += _check_scheme(name, settings.get(name), schemes)
    return found


def check_telemetry(environment: Mapping[str, str] = os.environ) -> list[Finding]:
    """Return a finding when Rasa would report what happens here to its makers."""
    value = environment.get("RASA_TELEMETRY_ENABLED", "false").strip().lower()
    if value == "false":
        return []
    return [Finding("telemetry is on (RASA_TELEMETRY_ENABLED)", "set RASA_TELEMETRY_ENABLED=false")]


def check_secrets_in_files(*files: Path) -> list[Finding]:
    """Return the secrets that stand in configuration files: they belong into the environment or a file of their own."""
    found = []
    for path in files:
        try:
            read = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, yaml.YAMLError):
            continue  # said by the check of the names
        for place, value in _leaves(read, ""):
            named = _SECRET_KEY.search(place.rpartition(".")[2]) and not _FROM_ENVIRONMENT.match(value)
            if value and (named or _PASSWORD_IN_URL.match(value)):
                mend = "write ${A_VARIABLE} there and set the variable"
                found.append(Finding(f"{path.name}: {place} holds a secret", mend))
    return found


def _check_number(name: str, raw: str | None, least: int, most: int) -> list[Finding]:
    if raw is None or (raw.isascii() and raw.isdecimal() and least <= int(raw) <= most):
        return []
    return [Finding(f"{name} must be a whole number from {least} to {most}, not {raw!r}", "correct it")]


def _check_scheme(name: str, url: str | None, schemes: tuple[str, ...]) -> list[Finding]:
    """The URL itself is not shown: it may hold a password."""
    if url is None:
        return []
    scheme, separator, rest = url.partition("://")
    if separator and rest and scheme.partition("+")[0] in schemes:
        return []
    allowed = " or ".join(f"{scheme}://" for scheme in schemes if scheme not in ("rediss", "unix", "amqps"))
    return [Finding(f"{name} must begin with {allowed}", "correct it")]


def _check_ladder(turn_in_file: str) -> list[Finding]:
    """A turn must end before its request is cut, and a request before a stopping server ends."""
    default = {setting.name: setting.default for setting in settings.SETTINGS}
    turn = int(settings.get("WEBSITE_TURN_SECONDS") or turn_in_file)
    request, stop = (
        int(settings.get(name) or default[name])
        for name in ("SANIC_RESPONSE_TIMEOUT", "SANIC_GRACEFUL_SHUTDOWN_TIMEOUT")
    )
    found = []
    if turn >= request:
        found.append(Finding(f"a turn of {turn} s is cut by SANIC_RESPONSE_TIMEOUT={request}", "raise the latter"))
    if request >= stop:
        found.append(
            Finding(f"a request of {request} s is cut by SANIC_GRACEFUL_SHUTDOWN_TIMEOUT={stop}", "raise the latter")
        )
    return found


def _website_part(credentials: Path) -> dict[str, Any]:
    try:
        read = yaml.safe_load(credentials.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    parts = read.items() if isinstance(read, dict) else ()
    return next((part for name, part in parts if str(name).endswith("WebsiteInput") and isinstance(part, dict)), {})


def _leaves(node: Any, place: str) -> list[tuple[str, str]]:
    if isinstance(node, dict):
        return [leaf for key, value in node.items() for leaf in _leaves(value, f"{place}.{key}".lstrip("."))]
    if isinstance(node, list):
        return [leaf for value in node for leaf in _leaves(value, place)]
    return [(place, node)] if isinstance(node, str) else []

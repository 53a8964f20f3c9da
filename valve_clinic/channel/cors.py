"""Headers that every response carries; cross-origin access for the sites that were named, and for nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, empty

from valve_clinic.settings import SettingError

_CORS_PREFIX = "access-control-"
_METHODS = "GET, POST, DELETE, OPTIONS"
_HEADERS = "Authorization, Content-Type"
_ORIGIN = re.compile(r"https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")
#: For what is no page: it may load nothing, and no page may frame it.
_NO_PAGE = "default-src 'none'; frame-ancestors 'none'"


def read_origins(named: Iterable[str]) -> frozenset[str]:
    """Return the origins of other sites; raises `SettingError` for what is none, "*" among it."""
    origins = frozenset(origin.strip().lower() for origin in named if origin.strip())
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise SettingError(
                f"WEBSITE_ORIGINS (or origins in credentials.yml) must name sites as https://www.example.org, "
                f"without a path; not {origin!r}"
            )
    return origins


def add_headers(app: Sanic, folder: str, origins: frozenset[str]) -> None:
    """Put security headers on every response, and open what is below `folder` to `origins`.

    Rasa's own CORS extension answers every preflight before a route is looked for (sanic_cors/extension.py,
    unapplied_cors_request_middleware), so that a blueprint's middleware never sees one: this has to be the
    application's last middleware.
    """

    async def finish(request: Request, response: HTTPResponse) -> HTTPResponse | None:
        headers = response.headers
        for name in [name for name in headers if name.lower().startswith(_CORS_PREFIX)]:
            del headers[name]
        headers.setdefault("Cache-Control", "no-store")
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        headers.setdefault("Content-Security-Policy", _NO_PAGE)
        headers["Vary"] = "Origin"
        origin = request.headers.get("origin")
        if origin in origins and request.path.startswith(folder):
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Allow-Methods"] = _METHODS
            headers["Access-Control-Allow-Headers"] = _HEADERS
            headers["Access-Control-Expose-Headers"] = "Retry-After"
            headers["Access-Control-Max-Age"] = "600"
        return empty(headers=dict(headers)) if request.method == "OPTIONS" else None

    app.response_middleware.append(finish)

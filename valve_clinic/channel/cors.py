"""Headers that every response carries; cross-origin access for the sites that were named, and for nobody else."""

from __future__ import annotations

from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, empty

_CORS_PREFIX = "access-control-"
_METHODS = "GET, POST, DELETE, OPTIONS"
_HEADERS = "Authorization, Content-Type"


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
        headers["Vary"] = "Origin"
        origin = request.headers.get("origin")
        if origin in origins and request.path.startswith(folder):
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Allow-Methods"] = _METHODS
            headers["Access-Control-Allow-Headers"] = _HEADERS
            headers["Access-Control-Max-Age"] = "600"
        return empty(headers=dict(headers)) if request.method == "OPTIONS" else None

    app.response_middleware.append(finish)

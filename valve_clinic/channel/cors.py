"""Cross-origin access for the sites that were named, and for nobody else."""

from __future__ import annotations

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, empty

_METHODS = "GET, POST, DELETE, OPTIONS"
_HEADERS = "Authorization, Content-Type"


def add_cors(blueprint: Blueprint, origins: frozenset[str]) -> None:
    """Answer preflights and mark responses for `origins`; add the headers that every response carries."""

    @blueprint.options("/<path:path>")
    async def preflight(_request: Request, path: str) -> HTTPResponse:
        return empty()

    @blueprint.middleware("response")
    async def add_headers(request: Request, response: HTTPResponse) -> None:
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["Vary"] = "Origin"
        origin = request.headers.get("origin")
        if origin in origins:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Allow-Methods"] = _METHODS
            response.headers["Access-Control-Allow-Headers"] = _HEADERS
            response.headers["Access-Control-Max-Age"] = "600"
        elif "access-control-allow-origin" in response.headers:
            del response.headers["access-control-allow-origin"]

"""The widget's files and the demonstration page: a fixed list, nothing else on disk can be asked for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, empty, raw

from valve_clinic import paths

_WIDGET = paths.ROOT / "widget"
_FILES = {
    "widget.js": (_WIDGET / "dist" / "widget.js", "text/javascript; charset=utf-8"),
    "widget/demo.css": (_WIDGET / "demo" / "demo.css", "text/css; charset=utf-8"),
}
_DEMO_PAGE = (_WIDGET / "demo" / "index.html", "text/html; charset=utf-8")
_PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True)
class _File:
    body: bytes
    etag: str
    content_type: str


def add_widget_routes(blueprint: Blueprint) -> None:
    """Serve the widget's files below the channel, with their hash as ETag."""
    for name, (path, content_type) in _FILES.items():
        _add_file(blueprint, f"/{name}", path, content_type)


def add_root(app: Sanic) -> None:
    """Serve the demonstration page at `/`."""
    path, content_type = _DEMO_PAGE

    @app.get("/")
    async def demo_page(request: Request) -> HTTPResponse:
        return _serve(request, _read(path, content_type), _PAGE_HEADERS)


def _add_file(blueprint: Blueprint, url: str, path: Path, content_type: str) -> None:
    async def get_file(request: Request) -> HTTPResponse:
        return _serve(request, _read(path, content_type), {})

    blueprint.add_route(get_file, url, methods=["GET"], name=f"file_{path.name.replace('.', '_')}")


def _read(path: Path, content_type: str) -> _File:
    body = path.read_bytes()
    return _File(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"', content_type)


def _serve(request: Request, file: _File, headers: dict[str, str]) -> HTTPResponse:
    headers = {**headers, "ETag": file.etag, "Cache-Control": "public, max-age=300"}
    if request.headers.get("if-none-match") == file.etag:
        return empty(status=304, headers=headers)
    return raw(file.body, headers=headers, content_type=file.content_type)

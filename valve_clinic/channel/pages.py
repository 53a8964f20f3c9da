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
    "widget.es.js": (_WIDGET / "dist" / "widget.es.js", "text/javascript; charset=utf-8"),
    "widget/demo.css": (_WIDGET / "demo" / "demo.css", "text/css; charset=utf-8"),
}
#: The methods of what is only read.
READING = ("GET", "HEAD")
_DEMO_PAGE = (_WIDGET / "demo" / "index.html", "text/html; charset=utf-8")
_PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
}


@dataclass(frozen=True)
class File:
    """What is sent, and the tag by which a browser knows it again."""

    body: bytes
    etag: str
    content_type: str


def add_widget_routes(blueprint: Blueprint) -> None:
    """Serve the widget's files below the channel, with their hash as ETag."""
    for name, (path, content_type) in _FILES.items():
        _add_file(blueprint, f"/{name}", path, content_type)


def add_root(app: Sanic) -> None:
    """Serve the demonstration page at `/`, and nothing where browsers look for an icon."""
    path, content_type = _DEMO_PAGE

    @app.route("/", methods=READING)
    async def demo_page(request: Request) -> HTTPResponse:
        return serve(request, _read(path, content_type), _PAGE_HEADERS)

    @app.route("/favicon.ico", methods=READING)
    async def no_icon(_request: Request) -> HTTPResponse:
        return empty(headers={"Cache-Control": "public, max-age=86400"})


def _add_file(blueprint: Blueprint, url: str, path: Path, content_type: str) -> None:
    async def get_file(request: Request) -> HTTPResponse:
        return serve(request, _read(path, content_type), {})

    blueprint.add_route(get_file, url, methods=READING, name=f"file_{path.name.replace('.', '_')}")


def _read(path: Path, content_type: str) -> File:
    return tagged(path.read_bytes(), content_type)


def tagged(body: bytes, content_type: str) -> File:
    """Return the bytes with a tag made of them."""
    return File(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"', content_type)


def serve(request: Request, file: File, headers: dict[str, str]) -> HTTPResponse:
    """Return the file with its tag, or 304 where the browser has it."""
    headers = {**headers, "ETag": file.etag, "Cache-Control": "public, max-age=300"}
    if _has(request.headers.getall("if-none-match", []), file.etag):
        return empty(status=304, headers=headers)
    return raw(file.body, headers=headers, content_type=file.content_type)


def _has(headers: list[str], etag: str) -> bool:
    """Return whether the browser has the file; a proxy that compresses makes the tag a weak one (RFC 9110, 13.1.2)."""
    known = {tag.strip().removeprefix("W/") for header in headers for tag in header.split(",")}
    return etag in known or "*" in known

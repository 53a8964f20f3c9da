"""The widget's files and the page: a fixed list, cached by hash, under a strict policy; in process, without Rasa."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sanic import Blueprint, Sanic
from support import assert_error

from valve_clinic import paths
from valve_clinic.channel.cors import add_headers, read_origins
from valve_clinic.channel.errors import ApiError, error_response
from valve_clinic.channel.pages import add_root, add_widget_routes
from valve_clinic.settings import SettingError

FOLDER = "/webhooks/website/"
SITE = "https://clinic.example"


async def no_signal(*_: Any, **__: Any) -> None:
    """Sanic compiles its signals away when a server starts; this application is never started."""


@pytest.fixture
async def browser(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application that has the pages and nothing else."""
    monkeypatch.setattr(Sanic, "dispatch", no_signal)
    app = Sanic(f"pages_{id(object())}", configure_logging=False)
    blueprint = Blueprint("website", url_prefix=FOLDER)
    add_widget_routes(blueprint)
    app.blueprint(blueprint)
    add_root(app)
    add_headers(app, FOLDER, frozenset({SITE}))
    app.error_handler.add(Exception, lambda _request, _error: error_response(ApiError(404, "not_found", "Nothing.")))
    app.router.finalize()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://chat.example") as client:
        yield client
    Sanic._app_registry.pop(app.name)


async def test_the_widget_is_the_built_file_with_its_hash_as_etag(browser: httpx.AsyncClient) -> None:
    response = await browser.get(FOLDER + "widget.js")
    built = (paths.ROOT / "widget" / "dist" / "widget.js").read_bytes()
    assert response.content == built
    assert response.headers["content-type"] == "text/javascript; charset=utf-8"
    assert response.headers["etag"].strip('"') in hashlib.sha256(built).hexdigest()
    assert "max-age" in response.headers["cache-control"]


@pytest.mark.parametrize("path", [FOLDER + "widget.js", FOLDER + "widget/demo.css", "/"])
async def test_a_file_that_the_browser_has_is_not_sent_again(browser: httpx.AsyncClient, path: str) -> None:
    first = await browser.get(path)
    again = await browser.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = await browser.get(path, headers={"If-None-Match": '"of another version"'})
    assert (other.status_code, other.content) == (200, first.content)


@pytest.mark.parametrize("sent", ['W/"ETAG"', '"other", "ETAG"', '"other" , W/"ETAG"', "*"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_tag_is_known_in_a_list_and_when_a_proxy_made_it_weak(
    browser: httpx.AsyncClient, method: str, sent: str
) -> None:
    etag = (await browser.get(FOLDER + "widget.js")).headers["etag"].strip('"')
    known = {"If-None-Match": sent.replace("ETAG", etag)}
    again = await browser.request(method, FOLDER + "widget.js", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert "max-age" in again.headers["cache-control"]


@pytest.mark.parametrize("path", [FOLDER + "widget.js", FOLDER + "widget/demo.css", "/", "/favicon.ico"])
async def test_what_can_be_read_can_be_asked_for_with_head(browser: httpx.AsyncClient, path: str) -> None:
    got, head = await browser.get(path), await browser.head(path)
    assert head.status_code == got.status_code
    assert head.headers.get("etag") == got.headers.get("etag")


async def test_a_browser_that_looks_for_an_icon_finds_nothing_to_complain_of(browser: httpx.AsyncClient) -> None:
    icon = await browser.get("/favicon.ico")
    assert (icon.status_code, icon.content) == (204, b"")
    assert "max-age" in icon.headers["cache-control"]


async def test_the_page_allows_nothing_but_its_own_scripts_and_styles(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/")
    policy = page.headers["content-security-policy"]
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy


async def test_everything_the_page_loads_is_served(browser: httpx.AsyncClient) -> None:
    page = (await browser.get("/")).text
    loaded = re.findall(r'<(?:script|link)[^>]+(?:src|href)="([^"]+)"', page)
    assert len(loaded) == 2
    for path in loaded:
        assert (await browser.get(path)).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "widget",
        "widget/",
        "widget/index.html",
        "widget/../widget.js/..",
        "widget/%2e%2e/%2e%2e/domain.yml",
        "..%2f..%2fvar%2fsecret",
    ],
)
async def test_no_other_file_on_disk_can_be_asked_for(browser: httpx.AsyncClient, path: str) -> None:
    assert_error(await browser.get(FOLDER + path), 404)


@pytest.mark.parametrize("path", ["/", FOLDER + "widget.js", FOLDER + "nothing"])
async def test_every_response_carries_the_security_headers(browser: httpx.AsyncClient, path: str) -> None:
    response = await browser.get(path)
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["vary"] == "Origin"
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
    assert "server" not in response.headers
    assert response.headers["cache-control"]


@pytest.mark.parametrize(
    ("path", "origin", "allowed"),
    [
        (FOLDER + "widget.js", SITE, SITE),
        (FOLDER + "nothing", SITE, SITE),
        (FOLDER + "widget.js", "https://evil.example", None),
        (FOLDER + "widget.js", SITE + ".evil.example", None),
        (FOLDER + "widget.js", "null", None),
        (FOLDER + "widget.js", None, None),
        ("/", SITE, None),
    ],
)
async def test_only_a_named_site_may_read_the_channel(
    browser: httpx.AsyncClient, path: str, origin: str | None, allowed: str | None
) -> None:
    response = await browser.get(path, headers={"Origin": origin} if origin else {})
    assert response.headers.get("access-control-allow-origin") == allowed
    assert "access-control-allow-credentials" not in response.headers
    assert (response.headers.get("access-control-expose-headers") == "Retry-After") == bool(allowed)


def test_origins_are_read_whatever_blanks_and_capitals_they_have() -> None:
    named = ["https://www.example.org", " https://Other.example:8443 ", "http://localhost:5005", ""]
    assert read_origins(named) == {"https://www.example.org", "https://other.example:8443", "http://localhost:5005"}


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "null",
        "https://*.example.org",
        "www.example.org",
        "https://example.org/",
        "https://a.org/path",
        "https://u:p@a.org",
        "ftp://a.org",
    ],
)
def test_what_is_no_site_is_refused_with_the_shape_it_must_have(origin: str) -> None:
    with pytest.raises(SettingError, match="WEBSITE_ORIGINS .* https://www.example.org"):
        read_origins([origin])

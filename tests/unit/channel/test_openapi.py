"""The OpenAPI document is valid, and says of the routes neither too much nor too little."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from jsonschema import Draft202012Validator, ValidationError
from openapi import document, operations, resolve
from rasa.core.channels.channel import register
from sanic import Sanic

from valve_clinic import paths
from valve_clinic.channel import requests
from valve_clinic.channel.errors import notice
from valve_clinic.channel.website import WebsiteInput

PEOPLE = (paths.ROOT / "docs" / "website-api.md").read_text(encoding="utf-8")


@pytest.fixture
def routes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> set[tuple[str, str]]:
    """Each method and path that Rasa mounts for the channel."""
    monkeypatch.setenv("WEBSITE_SECRET_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("WEBSITE_DATABASE_URL", f"sqlite:///{tmp_path}/website.db")
    app = Sanic(f"routes_{id(object())}", configure_logging=False)
    register([WebsiteInput.from_credentials(None)], app, route="/webhooks/")
    found = {
        (method, f"/{route.path}".removeprefix("/webhooks/website"))
        for route in app.router.routes
        for method in route.methods
    }
    Sanic._app_registry.pop(app.name)
    return found


def test_the_document_is_valid_openapi() -> None:
    schemathesis.openapi.from_dict(document()).validate()


def test_every_route_is_in_the_document_and_the_other_way_round(routes: set[tuple[str, str]]) -> None:
    assert {(method, path) for method, path in routes if method != "OPTIONS"} == operations()


@pytest.mark.parametrize("name", sorted(document()["components"]["schemas"]))
def test_every_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(document()["components"]["schemas"][name])


def test_every_reference_leads_somewhere_and_nothing_is_left_over() -> None:
    text = str(document())
    named = set(re.findall(r"#/components/([\w/]+)", text))
    there = {
        f"{kind}/{name}"
        for kind in ("schemas", "responses", "headers", "parameters")
        for name in document()["components"][kind]
    }
    assert named == there


@pytest.mark.parametrize(("method", "path"), sorted(operations()))
def test_the_page_for_people_names_every_call(method: str, path: str) -> None:
    assert method == "HEAD" or f"`{method} {path[1:]}`" in PEOPLE


@pytest.mark.parametrize(("method", "path"), sorted(operations()))
def test_every_status_of_the_document_is_one_of_the_page_for_people(method: str, path: str) -> None:
    for status in document()["paths"][path][method.lower()]["responses"]:
        assert re.search(rf"\b{status}\b", PEOPLE), status


def test_kinds_events_and_codes_are_those_of_the_code() -> None:
    schemas = document()["components"]["schemas"]
    assert {f"`{kind}`" for kind in schemas["Reply"]["properties"]["kind"]["enum"]} <= set(re.findall(r"`\w+`", PEOPLE))
    assert tuple(schemas["Event"]["properties"]["event"]["enum"]) == requests.EVENTS
    made = set()
    for path in (paths.ROOT / "valve_clinic" / "channel").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        made |= set(re.findall(r'(?:ApiError|cls)\(\s*\w+(?:\.\w+)?,\s*"(\w+)"', text))
    assert set(schemas["Error"]["properties"]["error"]["properties"]["code"]["enum"]) == made


def reply(**changes: Any) -> dict[str, Any]:
    return {**notice("Sorry."), **changes}


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "other"},
        {"text": ""},
        {"text": "<b>bold</b>"},
        {"links": [{"title": "x", "url": "javascript:alert(1)"}]},
        {"buttons": [{"id": "abc", "title": "x", "topic": "ask_risks"}]},
        {"buttons": [{"id": "/ask_risks", "title": "x", "topic": None}]},
        {"reference": "A1"},
        {"variant": {}},
        {"kind": "answer"},
        {"more": 1},
    ],
    ids=repr,
)
def test_the_schema_of_a_reply_refuses_what_the_contract_refuses(wrong: dict[str, Any]) -> None:
    schema = {"$ref": "#/components/schemas/Reply", "components": document()["components"]}
    Draft202012Validator(schema).validate(reply())
    with pytest.raises(ValidationError):
        Draft202012Validator(schema).validate(reply(**wrong))


def test_every_error_of_an_operation_is_documented_as_an_error() -> None:
    for path, item in document()["paths"].items():
        for operation in item.values():
            for status, response in operation["responses"].items():
                if int(status) >= 400 and path != "/ready":
                    schema = resolve(response)["content"]["application/json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Error"}

"""The channel's OpenAPI document (docs/openapi.yml), and whether a response is what it promises."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import httpx
import yaml
from jsonschema import Draft202012Validator

from valve_clinic import paths

FOLDER = "/webhooks/website"
FILE = paths.ROOT / "docs" / "openapi.yml"


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


def operations() -> set[tuple[str, str]]:
    """Return each method with its path."""
    return {(method.upper(), path) for path, item in document()["paths"].items() for method in item}


def resolve(node: Any) -> Any:
    """Follow a reference within the document."""
    while isinstance(node, dict) and "$ref" in node:
        target = document()
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def promised(method: str, path: str, status: int) -> dict[str, Any]:
    """Return the response object of an operation; fails for one that the document does not have."""
    if (method, path) not in operations():
        assert status in (404, 405), f"{method} {path} is not in the document, but was answered with {status}"
        return {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
    responses = document()["paths"][path][method.lower()]["responses"]
    assert str(status) in responses, f"{status} is no documented answer to {method} {path}"
    found: dict[str, Any] = resolve(responses[str(status)])
    return found


@lru_cache(maxsize=100)
def validator(method: str, path: str, status: int, content_type: str) -> Draft202012Validator | None:
    """Return a validator of the body, or None where it is no JSON."""
    content = promised(method, path, status)["content"]
    assert content_type in content, f"{content_type} is no documented type of {status} for {method} {path}"
    if content_type != "application/json":
        return None
    return Draft202012Validator({**content[content_type]["schema"], "components": document()["components"]})


def assert_promised(response: httpx.Response) -> None:
    """Check status, type, headers and body against the document; made to be a response hook of httpx."""
    method, url = response.request.method, response.request.url.path
    if method == "OPTIONS" or not url.startswith(FOLDER + "/"):
        return
    path, status = url.removeprefix(FOLDER), response.status_code
    answer = promised(method, path, status)
    for name, header in answer.get("headers", {}).items():
        header = resolve(header)
        assert name in response.headers, f"{name} is missing"
        value = response.headers[name]
        schema = header["schema"]
        Draft202012Validator(schema).validate(int(value) if schema["type"] == "integer" else value)
    body = response.read()
    if method == "HEAD" or "content" not in answer:
        assert body == b"", f"{method} {path}: {status} has no body"
        return
    content_type = response.headers["content-type"].partition(";")[0]
    checked = validator(method, path, status, content_type)
    if checked is not None:
        checked.validate(response.json())


HOOKS = {"response": [assert_promised]}

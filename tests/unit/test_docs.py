"""The docs name only what exists, and every environment variable is in them."""

from __future__ import annotations

import re
import subprocess

import click
import pytest
import yaml

from valve_clinic import paths
from valve_clinic.cli import main as command
from valve_clinic.settings import SETTINGS

DOCS = [
    *paths.ROOT.glob("*.md"),
    *(paths.ROOT / "docs").glob("*.md"),
]
CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"^[\w.-]+(?:/[\w.*<>-]+)*/?$")
KNOWN_ENDINGS = (".py", ".yml", ".md", ".sh", ".js", ".css", ".html", ".png", ".toml", ".lock", ".db")
MADE_LATER = ("var/", "models/", ".venv", "data/nlu/<", "content/<", "results/")


def codes() -> list[tuple[str, str]]:
    return [(path.name, code) for path in DOCS for code in CODE.findall(path.read_text(encoding="utf-8"))]


def test_every_path_in_the_docs_exists() -> None:
    missing = []
    for file, code in codes():
        is_path = PATH.match(code) and ("/" in code or code.endswith(KNOWN_ENDINGS))
        if not is_path or code.startswith(MADE_LATER) or code == "application/json":
            continue
        if not list(paths.ROOT.glob(code.rstrip("/"))) and not list((paths.ROOT / "docs").glob(code)):
            missing.append((file, code))
    assert missing == []


def test_every_link_between_the_docs_leads_somewhere() -> None:
    broken = []
    for path in DOCS:
        for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
            if not target.startswith("http") and not (path.parent / target).exists():
                broken.append((path.name, target))
    assert broken == []


def test_every_make_target_in_the_docs_exists() -> None:
    known = set(re.findall(r"^([a-z-]+):", (paths.ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {
        (file, target) for file, code in codes() for target in re.findall(r"^(?:[A-Z]+=\S+ )?make ([a-z-]+)", code)
    }
    assert {(file, target) for file, target in named if target not in known} == set()


def test_every_command_of_the_project_in_the_docs_exists() -> None:
    unknown = []
    for file, code in codes():
        words = code.split()
        if not words or words[0] != "valve-clinic":
            continue
        node: click.Command = command
        for word in words[1:]:
            if not isinstance(node, click.Group):
                break
            if word not in node.commands:
                unknown.append((file, code))
                break
            node = node.commands[word]
    assert unknown == []


def test_every_intent_in_the_docs_exists() -> None:
    intents = set(yaml.safe_load(paths.DOMAIN_FILE.read_text(encoding="utf-8"))["intents"])
    named = {(file, code) for file, code in codes() if re.fullmatch(r"(ask|report|book|find)_[a-z_]+", code)}
    assert {(file, code) for file, code in named if code not in intents} == set()


@pytest.mark.parametrize("name", [setting.name for setting in SETTINGS])
def test_every_environment_variable_is_documented(name: str) -> None:
    assert f"`{name}`" in (paths.ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_the_table_of_settings_is_that_of_the_code() -> None:
    page = (paths.ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.+?) \| (.+) \|$", page, re.MULTILINE)
    assert rows == [
        (setting.name, f"`{setting.default}`" if setting.default else "not set", setting.meaning)
        for setting in SETTINGS
    ]


def test_the_table_of_metrics_is_that_of_the_code() -> None:
    from prometheus_client import generate_latest

    from valve_clinic.operations import metrics

    page = (paths.ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    families = re.findall(r"^# TYPE (\w+) (\w+)$", generate_latest(metrics.REGISTRY).decode(), re.MULTILINE)
    named = {name for name, _ in families if not name.endswith("_created")}
    assert set(re.findall(r"^\| `(valve_clinic_\w+)` \|", page, re.MULTILINE)) == named


def test_no_document_names_an_unknown_environment_variable() -> None:
    known = {setting.name for setting in SETTINGS} | {"CI"}
    named = {code for _, code in codes() if re.fullmatch(r"[A-Z]{3,}(_[A-Z]+)+", code)}
    shapes = {"CLIENT_UUID", "REPLY_ID", "BUTTON_ID"}
    assert named - known - shapes == set()


def test_the_project_speaks_of_itself_alone() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=paths.ROOT, capture_output=True, text=True, check=True).stdout
    foreign = re.compile(r"(?:/work/|\.\./shared|/tmp/)")
    found = []
    for name in listed.split():
        path = paths.ROOT / name
        if (
            path.suffix in {".py", ".md", ".yml", ".sh", ".toml", ".js"}
            and path.name != "test_docs.py"
            and path.is_file()
        ):
            found += [name for line in path.read_text(encoding="utf-8").splitlines() if foreign.search(line)]
    assert found == []

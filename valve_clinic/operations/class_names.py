"""Finds classes that configuration files name, without importing anything: Rasa falls back in silence on a typo."""

from __future__ import annotations

import ast
import difflib
from functools import lru_cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

import yaml

from valve_clinic.operations.finding import Finding

#: Short names that Rasa 3.6.21 knows: tracker_store.py, lock_store.py, brokers/broker.py, nlg/generator.py,
#: channels/__init__.py in rasa/core. `tests/unit/operations/test_class_names.py` compares them with Rasa's own.
ENDPOINTS = {
    "tracker_store": {"in_memory", "sql", "redis", "mongod", "dynamo"},
    "lock_store": {"in_memory", "redis"},
    "event_broker": {"pika", "sql", "file", "kafka"},
    "nlg": {"callback", "response"},
    "nlu": set(),
    "action_endpoint": set(),
    "models": set(),
}
#: What keeps each turn once; the server refuses to start without the first.
STORES = {
    "tracker_store": "valve_clinic.storage.tracker_store.ConversationStore",
    "lock_store": "valve_clinic.storage.locks.ConversationLockStore",
}
CHANNELS = {
    *("cmdline", "facebook", "slack", "telegram", "mattermost", "twilio", "twilio_voice", "rasa", "botframework"),
    *("rocketchat", "callback", "rest", "socketio", "webexteams", "hangouts"),
}
#: Rasa compares these letter by letter, the others in lower case.
_EXACT = {"lock_store"}


def check_endpoints(path: Path) -> list[Finding]:
    """Return what is wrong with the names in an endpoints file."""
    parts, found = _read(path)
    for name, part in parts.items():
        if name not in ENDPOINTS:
            found.append(_unknown(path, name, "is no part that Rasa reads", set(ENDPOINTS)))
            continue
        kind = part.get("type") if isinstance(part, dict) else None
        if kind is None:
            continue
        short = str(kind) if name in _EXACT else str(kind).lower()
        if short not in ENDPOINTS[name]:
            found += _check_class(path, f"{name}: {kind}", str(kind), ENDPOINTS[name])
    return found


def check_stores(path: Path) -> list[Finding]:
    """Return the stores of an endpoints file that are not this project's: others lose turns (docs/reliability.md)."""
    if check_endpoints(path):
        return []  # said there: a misspelt name is one fault
    parts, found = _read(path)
    for name, wanted in STORES.items():
        part = parts.get(name)
        kind = part.get("type") if isinstance(part, dict) else None
        if kind != wanted:
            reason = f"{path.name}: {name} is not this project's: turns could be lost or doubled"
            found.append(Finding(reason, f"write type: {wanted}"))
    return found


def check_credentials(path: Path) -> list[Finding]:
    """Return what is wrong with the channels of a credentials file."""
    channels, found = _read(path)
    for name in channels:
        if name not in CHANNELS:
            found += _check_class(path, name, name, CHANNELS)
    return found


def check_pipeline(path: Path) -> list[Finding]:
    """Return what is wrong with the components and policies of a configuration file."""
    config, found = _read(path)
    for part in ("pipeline", "policies"):
        for entry in config.get(part) or []:
            name = str(entry.get("name") if isinstance(entry, dict) else entry)
            if name not in rasa_components():
                found += _check_class(path, f"{part}: {name}", name, rasa_components())
    return found


@lru_cache(maxsize=1)
def rasa_components() -> frozenset[str]:
    """Return the short names of Rasa's own components and policies."""
    spec = find_module("rasa.engine.recipes.default_components")
    if spec is None or spec.origin is None:
        return frozenset()
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    return frozenset(
        element.id
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.List)
        for element in node.value.elts
        if isinstance(element, ast.Name)
    )


def find_module(name: str) -> ModuleSpec | None:
    """Return where a module is; `importlib.util.find_spec` would import its parents, and Rasa with them."""
    path: list[str] | None = None
    spec: ModuleSpec | None = None
    words = name.split(".")
    for position in range(len(words)):
        spec = PathFinder.find_spec(".".join(words[: position + 1]), path)
        if spec is None:
            return None
        path = list(spec.submodule_search_locations) if spec.submodule_search_locations is not None else []
    return spec


def _check_class(path: Path, shown: str, dotted: str, short_names: set[str] | frozenset[str]) -> list[Finding]:
    module, _, name = dotted.rpartition(".")
    if not module:
        return [_unknown(path, shown, "is no name that Rasa knows", short_names, dotted)]
    spec = find_module(module)
    if spec is None:
        return [_unknown(path, shown, f"there is no module {module}", set())]
    if spec.origin is None or not spec.origin.endswith(".py"):
        return []
    names = _names_in(Path(spec.origin))
    return [] if name in names else [_unknown(path, shown, f"{module} has no {name}", names, name)]


def _names_in(source: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.ImportFrom):
            names.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return names


def _unknown(path: Path, shown: str, why: str, choices: set[str] | frozenset[str], word: str | None = None) -> Finding:
    by_letters = {choice.lower(): choice for choice in sorted(choices)}
    near = difflib.get_close_matches((word or shown).lower(), by_letters, n=1, cutoff=0.5)
    return Finding(
        f"{path.name}: {shown}: {why}", f"did you mean {by_letters[near[0]]}?" if near else "correct the name"
    )


def _read(path: Path) -> tuple[dict[str, Any], list[Finding]]:
    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, [Finding(f"{path.name} is missing", f"put it back at {path}")]
    except (OSError, ValueError, yaml.YAMLError) as error:
        where = getattr(getattr(error, "problem_mark", None), "line", None)
        line = f" in line {where + 1}" if where is not None else ""
        return {}, [Finding(f"{path.name} cannot be read{line} ({type(error).__name__})", "correct the file")]
    if read is None:
        return {}, []
    if not isinstance(read, dict):
        return {}, [Finding(f"{path.name} is not a mapping (key: value)", "correct the file")]
    return {str(key): value for key, value in read.items()}, []

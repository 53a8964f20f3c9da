"""Starts the server without libraries that answering does not need: TensorFlow, and those of other channels.

Reason: `import rasa.core.agent` imports TensorFlow for the base classes of components that this project does not use
(rasa/utils/tensorflow/callback.py, data_generator.py, models.py), and the libraries of all channels and stores that
Rasa has (rasa/core/channels/__init__.py, rasa/core/tracker_store.py): seconds of every start and some hundred
megabytes. Training needs TensorFlow, answering runs in onnxruntime. This is no part of `rasa_patches.py`: it must
come before Rasa is imported. `tests/unit/test_lean_start.py` and `tests/server/test_work.py` guard it.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import yaml

from valve_clinic import paths

_TENSORFLOW = frozenset({"tensorflow", "keras"})
#: What Rasa's own channels, stores and terminal speak through; `valve-clinic check` refuses other stores than ours.
_CHANNELS = frozenset(
    {"aiogram", "slack_sdk", "twilio", "socketio", "webexteamssdk", "fbmessenger", "mattermostwrapper"}
    | {"rocketchat_API", "questionary", "pymongo", "boto3", "botocore"}
)
#: Rasa's own components that do not need TensorFlow and are used here; with any other one it is imported as usual.
_LEAN = frozenset(
    {
        "SpacyNLP",
        "SpacyTokenizer",
        "SpacyEntityExtractor",
        "EntitySynonymMapper",
        "MemoizationPolicy",
        "RulePolicy",
    }
)
_OWN = "valve_clinic."


class LeftOutError(RuntimeError):
    """Something called a library in a server that was started without it."""


def install() -> frozenset[str]:
    """Put stand-ins in the place of what is not needed; returns the names of these packages.

    What config.yml or credentials.yml may need is imported as usual, and so is what is imported already.
    """
    for finder in sys.meta_path:
        if isinstance(finder, _Finder):
            return finder.packages
    left_out: frozenset[str] = frozenset()
    if _is_lean(_read(paths.CONFIG_FILE)):
        left_out |= _TENSORFLOW
    if all(str(name).startswith(_OWN) for name in _read(paths.CREDENTIALS_FILE) or {}):
        left_out |= _CHANNELS
    left_out -= sys.modules.keys()
    sys.meta_path.insert(0, _Finder(left_out))
    return left_out


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _is_lean(config: Any) -> bool:
    try:
        names = [part["name"] for part in [*config["pipeline"], *config["policies"]]]
    except (TypeError, KeyError):
        return False
    return all(name in _LEAN or str(name).startswith(_OWN) for name in names)


class _LeftOut:
    """The base of what Rasa derives from a library's classes: it can be imported, not made."""

    def __new__(cls, *_arguments: Any, **_options: Any) -> Any:
        _refuse(cls.__qualname__)


class _StandIn(ModuleType):
    """A module, class or function that is there by name only."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = _StandIn(f"{self.__name__}.{name}")
        setattr(self, name, found)
        return found

    def __mro_entries__(self, _bases: Any) -> tuple[type, ...]:
        return (_LeftOut,)

    def __call__(self, *_arguments: Any, **_options: Any) -> Any:
        _refuse(self.__name__)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, packages: frozenset[str]) -> None:
        self.packages = packages

    def find_spec(
        self, fullname: str, path: Sequence[str | bytes] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        if fullname.partition(".")[0] not in self.packages:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        del module


def _refuse(name: str) -> NoReturn:
    raise LeftOutError(
        f"{name} was called, and the server was started without its library; valve_clinic/lean_start.py says which "
        "components do without it"
    )

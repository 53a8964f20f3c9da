"""Trains without Rasa's copies and hashes of every message.

Reason: Rasa merges the training data once for each importer that wraps another, copies each message deeply and writes
it down as JSON to hash it (rasa/shared/nlu/training_data/training_data.py, merge and sanitize_examples), and does so
again around each component, to cache what it made (rasa/engine/training/hooks.py, TrainingHook). With fifty thousand
messages that is a minute and more, for a cache that is never hit: a model's name says already what it was made from
(`training.fingerprint`). Like `lean_start.py` this is no part of `rasa_patches.py`: it holds for one training only.
`tests/unit/test_lean_training.py` guards it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from rasa.engine.graph import ExecutionContext, GraphNodeHook
from rasa.engine.training import graph_trainer
from rasa.shared.nlu.constants import INTENT, RESPONSE
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData


@contextmanager
def installed() -> Iterator[None]:
    """Train this way while it lasts; what is learnt is the same."""
    with (
        mock.patch.object(Message, "__deepcopy__", _copy, create=True),
        mock.patch.object(TrainingData, "sanitize_examples", staticmethod(_sanitized)),
        mock.patch.object(graph_trainer, "TrainingHook", _NoHook),
    ):
        yield


class _NoHook(GraphNodeHook):
    """Stands in the place of the hook that caches what each component made."""

    def __init__(self, **_options: Any) -> None: ...

    def on_before_node(
        self,
        node_name: str,
        execution_context: ExecutionContext,
        config: dict[str, Any],
        received_inputs: dict[str, Any],
    ) -> dict[str, Any]:
        """Note nothing."""
        return {}

    def on_after_node(
        self,
        node_name: str,
        execution_context: ExecutionContext,
        config: dict[str, Any],
        output: Any,
        input_hook_data: dict[str, Any],
    ) -> None:
        """Keep nothing."""


def _copy(message: Message, _known: dict[int, Any]) -> Message:
    """Return a message with attributes of its own; the values, which nobody changes in place, are shared."""
    copied = copy.copy(message)
    copied.data, copied.features = dict(message.data), list(message.features)
    copied.output_properties = set(message.output_properties)
    return copied


def _sanitized(examples: list[Message]) -> list[Message]:
    """Return the first of each kind of message, its intent and response without blanks around them."""
    found: dict[str, Message] = {}
    for example in examples:
        for name in (INTENT, RESPONSE):
            if example.get(name):
                example.set(name, example.get(name).strip())
        found.setdefault(repr((sorted(example.data.items()), example.features)), example)
    return list(found.values())

"""Rasa graph component: mends typing mistakes in the clinic's words, and leaves ordinary English alone."""

from __future__ import annotations

import importlib.resources
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from symspellpy import SymSpell, Verbosity

from valve_clinic.nlu import language

_WORD = re.compile(r"[A-Za-z]+(?:['\u2019][A-Za-z]+)?")
#: The English dictionary that comes with symspellpy: word and frequency on each line.
_DICTIONARY = "frequency_dictionary_en_82_765.txt"
_FREQUENT = 1_000_000


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class TypoMender(GraphComponent):
    """Replaces the text of incoming messages by the mended one, before anything reads it.

    What the patient typed stays in the conversation; entities and questions refer to the mended text. Training messages
    stay as they were written, typing mistakes included.
    """

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> TypoMender:
        """Return the component; there is nothing to train. The word lists are read now, not with the first mistake."""
        _known_words()
        _clinic_words()
        return cls()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave training messages alone."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Mend the messages' texts."""
        for message in messages:
            text = message.get(TEXT)
            if text:
                message.set(TEXT, mend(text), add_to_output=True)
        return messages


def mend(text: str) -> str:
    """Return the text with the clinic's words as they are spelt."""
    return _WORD.sub(lambda match: _mend_word(match[0]), text)


def _mend_word(word: str) -> str:
    lower = word.lower()
    rules = _rules()
    fixed = rules["always"].get(lower)
    if fixed:
        return str(fixed)
    if len(word) < rules["min_length"] or not word.isalpha() or lower in _known_words():
        return word
    distance = 2 if len(word) >= rules["two_letters_from"] else 1
    found = _clinic_words().lookup(lower, Verbosity.TOP, max_edit_distance=distance)
    # Two different mistakes at the first letter are another word.
    return found[0].term if found and (found[0].distance == 1 or found[0].term[0] == lower[0]) else word


@lru_cache(maxsize=1)
def _rules() -> dict[str, Any]:
    rules: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "typos.yml").read_text(encoding="utf-8"))
    return rules


@lru_cache(maxsize=1)
def _clinic_words() -> SymSpell:
    """Return the words that mistakes are mended to."""
    speller = SymSpell(max_dictionary_edit_distance=2, prefix_length=7)
    for word in {*_rules()["words"], *(_vocabulary() & _english())}:
        speller.create_dictionary_entry(word, _FREQUENT)
    return speller


@lru_cache(maxsize=1)
def _known_words() -> frozenset[str]:
    """Return the words that are never touched: English ones, and the clinic's own."""
    return _english() | _vocabulary() | frozenset([*_rules()["words"], *_rules()["keep"]])


@lru_cache(maxsize=1)
def _vocabulary() -> frozenset[str]:
    """Return the words of the look-up lists; some of them are mistakes that people make."""
    return frozenset(re.findall(r"[a-z]{4,}", " ".join(language.read_vocabulary())))


@lru_cache(maxsize=1)
def _english() -> frozenset[str]:
    text = importlib.resources.files("symspellpy").joinpath(_DICTIONARY).read_text(encoding="utf-8-sig")
    return frozenset(line.split()[0] for line in text.splitlines() if line.strip())

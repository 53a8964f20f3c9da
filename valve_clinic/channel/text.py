"""Cleans what a stranger typed before anything else sees it."""

from __future__ import annotations

import re
import unicodedata

MAX_CHARACTERS = 500
#: Control, format and surrogate characters: they can hide a command, turn the line round or break a database.
_DROPPED = {"Cc", "Cf", "Cs", "Co", "Cn"}
_BLANKS = "\t\n\r\v\f\u2028\u2029"
#: Slashes at the start, with whatever Unicode takes for a blank between them.
_COMMAND = re.compile(r"^[\s/]+")


def clean(text: str) -> str:
    """Return the text in NFKC without control characters and without a command's slash at its start.

    Rasa takes every message that starts with "/" as a command (rasa/nlu/classifiers/regex_message_handler.py). The
    slash is removed after normalisation, which turns the full-width slash into a plain one.
    """
    spaced = "".join(" " if character in _BLANKS else character for character in text)
    composed = unicodedata.normalize("NFKC", _drop(spaced))
    return _COMMAND.sub("", _drop(composed)).rstrip()


def _drop(text: str) -> str:
    return "".join(character for character in text if unicodedata.category(character) not in _DROPPED)

"""Whatever a stranger types becomes a harmless text that is never a command."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from valve_clinic.channel.text import clean

# Not st.text(): that never makes the lone surrogates that stop a stock Rasa server.
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=80)
SLASHES_AND_BLANKS = st.text(st.sampled_from("/／ \t\u1680\u2003\u3000\u200b\u2060\ufeff\x00ab"), max_size=20)


@given(ANY_TEXT)
@example("/\u1680/restart")
@example("\ud800")
@example("a\x00b")
@example("\u202eevil")
@example("\ufdfa" * 10)
def test_any_text_becomes_printable_text_that_is_not_a_command(text: str) -> None:
    cleaned = clean(text)
    assert not cleaned.startswith("/")
    assert not {unicodedata.category(character) for character in cleaned} & {"Cc", "Cf", "Cs"}
    assert cleaned == cleaned.strip()
    cleaned.encode("utf-8")


@given(SLASHES_AND_BLANKS)
def test_no_mixture_of_slashes_and_blanks_leaves_a_command(text: str) -> None:
    assert not clean(text).strip().startswith("/")


@given(ANY_TEXT)
def test_cleaning_twice_gives_the_same_commandless_text(text: str) -> None:
    assert not clean(clean(text)).startswith("/")


@pytest.mark.parametrize(
    "text",
    [
        "/restart",
        "  /restart",
        "\u200b/restart",
        "\ufeff\u2060/restart",
        "／restart",
        "\u200b／restart",
        "////restart",
        "/ / ／ /restart",
        "/\u1680/restart",
        "/\x00/restart",
        "\ud800/restart",
        "\n\t/restart",
        "\u3000／\u3000/restart",
        "\u2066/restart\u2069",
        "\u202e/restart",
        "\u00ad/restart",
        "\u180e/restart",
        "\U000e0001/restart",
        "\x7f/\x1b/restart",
        "\u2028/restart\u2029",
        "\ue000/restart",
        "\u0085／/restart",
    ],
)
def test_a_command_in_any_disguise_loses_its_slash(text: str) -> None:
    assert clean(text) == "restart"


@pytest.mark.parametrize(
    "text", ["", " ", "/", "///", "\u200b", "\x00\x01", "\ud800\udfff", "\u3000", "／ ／", "\u2028"]
)
def test_a_text_of_nothing_but_slashes_and_invisible_characters_is_empty(text: str) -> None:
    assert clean(text) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("what is MR?", "what is MR?"),
        ("¿qué es la válvula?", "¿qué es la válvula?"),
        ("and/or surgery", "and/or surgery"),
        ("first line\nsecond", "first line second"),
        ("first\u2028second", "first second"),
        ("my heart 💔 hurts", "my heart 💔 hurts"),
        ("ＭｉｔｒａＣｌｉｐ", "MitraClip"),
        ("cli\u00adp", "clip"),
        ("e\u0301cho", "écho"),
    ],
)
def test_ordinary_words_stay_readable(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_joined_emoji_fall_apart_without_losing_the_words_around_them() -> None:
    assert clean("my 👩\u200d⚕️ said so").startswith("my ")
    assert clean("my 👩\u200d⚕️ said so").endswith(" said so")

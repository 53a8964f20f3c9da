"""Environment variables: one table, and values that say which variable is wrong."""

from __future__ import annotations

import re

import pytest

from valve_clinic import paths, settings
from valve_clinic.settings import SettingError


@pytest.mark.parametrize(("value", "expected"), [("x", "x"), ("  x ", "x"), ("", None), ("   ", None)])
def test_a_blank_variable_counts_as_unset(monkeypatch, value, expected):
    monkeypatch.setenv("HOST", value)
    assert settings.get("HOST") == expected


def test_an_unset_variable_is_none(monkeypatch):
    monkeypatch.delenv("HOST", raising=False)
    assert settings.get("HOST") is None


def test_an_unset_variable_has_the_value_of_the_table_where_one_is_needed(monkeypatch):
    monkeypatch.delenv("PORT", raising=False)
    assert (settings.value("PORT"), settings.get_int("PORT")) == ("5005", 5005)
    monkeypatch.setenv("PORT", "8080")
    assert (settings.value("PORT"), settings.get_int("PORT")) == ("8080", 8080)


def test_a_variable_outside_the_table_is_a_mistake_in_the_code():
    with pytest.raises(KeyError):
        settings.get("NO_SUCH_SETTING")


@pytest.mark.parametrize(("value", "expected"), [("0", 0), ("8080", 8080), (" 7 ", 7), ("", 5005)])
def test_a_number_is_read(monkeypatch, value, expected):
    monkeypatch.setenv("PORT", value)
    assert settings.get_int("PORT", 5005) == expected


@pytest.mark.parametrize("value", ["-1", "1.5", "many", "0x10", "1 2"])
def test_what_is_no_number_is_refused_by_name(monkeypatch, value):
    monkeypatch.setenv("PORT", value)
    with pytest.raises(SettingError, match=f"PORT must be a whole number of at least 0, not '{value}'"):
        settings.get_int("PORT", 5005)


def test_a_raised_digit_is_refused_by_name_too(monkeypatch):
    monkeypatch.setenv("PORT", "²")
    with pytest.raises(SettingError, match="PORT"):
        settings.get_int("PORT", 5005)


def test_every_setting_stands_once_and_says_what_it_means():
    names = [setting.name for setting in settings.SETTINGS]
    assert len(names) == len(set(names))
    assert all(setting.meaning for setting in settings.SETTINGS)


def test_every_setting_that_the_code_reads_is_in_the_table():
    sources = [*(paths.ROOT / "valve_clinic").rglob("*.py"), *(paths.ROOT / "actions").glob("*.py")]
    asked = re.compile(r'settings\.(?:get|get_int|value)\("(\w+)"')
    read = {name for path in sources for name in asked.findall(path.read_text("utf-8"))}
    assert read
    assert read <= {setting.name for setting in settings.SETTINGS}

"""The list of licences is that of the lock."""

from __future__ import annotations

import pytest

from valve_clinic.operations import licences


def test_the_list_matches_the_lock() -> None:
    page = licences.LIST.read_text(encoding="utf-8")
    assert licences.listed(page) == licences.locked(licences.LOCK.read_text(encoding="utf-8")), "run: make sbom"


def test_every_installed_package_states_a_licence() -> None:
    assert licences.UNKNOWN not in licences.LIST.read_text(encoding="utf-8")


def test_the_lock_is_read_whole() -> None:
    text = licences.LOCK.read_text(encoding="utf-8")
    assert len(licences.locked(text)) == text.count("[[package]]") - 1


@pytest.mark.parametrize(
    ("name", "said"),
    [("itsdangerous", "BSD"), ("axe-playwright-python", "MIT License"), ("no-such-package", licences.NOT_HERE)],
)
def test_a_packages_licence_is_what_it_states(name: str, said: str) -> None:
    assert said in licences.licence_of(name)


def test_licences_are_added_to_the_bill() -> None:
    bill = {"components": [{"name": "itsdangerous"}, {"name": "no-such-package"}]}
    found = licences.with_licences(bill)["components"]
    assert "BSD" in found[0]["licenses"][0]["license"]["name"]
    assert "licenses" not in found[1]

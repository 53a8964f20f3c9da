"""`valve-clinic agents`: passwords are asked for, weak ones refused, and nothing is printed that is secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from valve_clinic.cli import main

from .conftest import PASSWORD


@pytest.fixture(autouse=True)
def _database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSITE_DATABASE_URL", f"sqlite:///{tmp_path}/website.db")


def run(*arguments: str, password: str = PASSWORD) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["agents", *arguments], input=f"{password}\n")
    return result.exit_code, result.output


def test_an_account_is_added_listed_and_disabled() -> None:
    code, said = run("add", "Nurse.One", "--role", "manager")
    assert (code, PASSWORD in said) == (0, False)
    assert run("list") == (0, "nurse.one\tmanager\tenabled\n")
    assert run("disable", "nurse.one")[0] == 0
    assert run("list") == (0, "nurse.one\tmanager\tdisabled\n")


@pytest.mark.parametrize("password", ["", "short", "password1234", "nurse.one.nurse.one", "valveclinic2026", "x" * 129])
def test_a_weak_password_is_refused(password: str) -> None:
    code, said = run("add", "nurse.one", password=password)
    assert (code, said.startswith("Error: ")) == (1, True)
    assert run("list") == (0, "")


def test_a_second_account_of_a_name_and_a_wrong_name_are_refused() -> None:
    run("add", "nurse.one")
    assert "already" in run("add", "nurse.one")[1]
    assert run("add", "No Body")[0] == 1
    assert "there is no account" in run("disable", "nobody")[1]
    assert run("add", "boss", "--role", "king")[0] == 2

"""The commands: what is wrong with the words, and what is said at a moment."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from valve_clinic.cli import main
from valve_clinic.content import loader
from valve_clinic.handoff import texts


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["handoff", *words])
    return done.exit_code, done.output


def test_the_shipped_words_are_right() -> None:
    assert run("check") == (0, "the words of a hand-off: nothing wrong\n")


def test_wrong_words_are_named_with_line_and_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "texts.yml"
    file.write_text(texts.TEXTS_FILE.read_text(encoding="utf-8").replace("call 911.", "call us."), encoding="utf-8")
    monkeypatch.setattr(texts, "read", lambda language: texts.load(file))
    code, said = run("check")
    assert code == 1
    assert "must name 911. To mend it: " in said


def test_the_hours_are_said_for_a_moment_of_the_clinics_clock(monkeypatch, sample_clinic) -> None:
    clinic = sample_clinic.copy(update={"hours": {"thu": ["08:00-16:00"]}, "holidays": []})
    monkeypatch.setattr(loader, "load_clinic", lambda: clinic)
    code, said = run("hours", "--at", "2026-12-24 15:50")
    assert (code, said.splitlines()[-1]) == (0, "(in_hours)")
    assert "closes soon, at 4 p.m. Central time" in said


def test_without_a_moment_it_is_now_and_the_shipped_hours_are_unknown() -> None:
    code, said = run("hours")
    assert (code, said.splitlines()[-1]) == (0, "(hours_unknown)")

"""What the console shows of this room is made in one go, by one process at a time, and beside the patients' turns."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from sqlalchemy.engine import Engine

from valve_clinic import lean_start, paths
from valve_clinic.cli import main
from valve_clinic.content import loader
from valve_clinic.insights import groups, policy, refresh
from valve_clinic.insights import page as pages
from valve_clinic.insights.inbox import Inbox
from valve_clinic.insights.kept import KeptReport
from valve_clinic.insights.models import prepare

from .conftest import ANSWER, CLARIFY, Clock, Desk

DAYS = (date(2026, 11, 23), date(2026, 11, 23))
#: What the command does, without the model and at once.
WORK = """
import datetime, sys
from valve_clinic.content.loader import load_files
from valve_clinic.database import make_engine
from valve_clinic.insights import refresh
content, now = load_files(), datetime.datetime.fromisoformat(sys.argv[2])
print("begun", flush=True)
assert refresh.refresh(make_engine(sys.argv[1], 60.0), content, (now.date(), now.date()), None, None, lambda: now)
"""


def vans(given: Sequence[str]) -> np.ndarray:
    return np.array([[1.0, 0.0] if "van" in text else [0.0, 1.0] for text in given], dtype=np.float32)


@contextmanager
def parser() -> Iterator[Any]:
    yield lambda _: {"intent_ranking": [{"name": "ask_risks", "confidence": 0.3}]}


@pytest.fixture
def content(sample_content: loader.Content, desk: Desk) -> loader.Content:
    for text in ("a van", "the van", "a dog"):
        desk.visit().say(text, CLARIFY, "nlu_fallback")
    return replace(sample_content, clinic=desk.clinic)


def test_counts_ranks_groups_and_the_report_are_made_together(desk: Desk, content: loader.Content) -> None:
    assert refresh.refresh(desk.engine, content, DAYS, vans, parser, desk.clock)
    kept, box = KeptReport(desk.engine, desk.clock), Inbox(desk.engine, desk.clock)
    assert desk.counts("conversations") == {"": 3}
    assert {item.options for item in box.items()} == {(("ask_risks", 0.3),)}
    assert [len(group) for group in groups.together(desk.engine, box.items())] == [2, 1]
    state = kept.state()
    assert (state.made_at, state.first, state.last, state.begun_at) == (desk.clock.now, *DAYS, None)
    html = kept.html() or ""
    assert "the van" in html
    assert policy.of_page(html) == pages.content_security_policy()


def test_one_process_at_a_time_makes_it(desk: Desk, content: loader.Content) -> None:
    assert KeptReport(desk.engine, desk.clock).begin()
    assert not refresh.refresh(desk.engine, content, DAYS, vans, parser, desk.clock)
    assert desk.counts("conversations") == {}


def test_a_failure_is_noted_by_its_kind_and_another_try_may_begin(desk: Desk, content: loader.Content) -> None:
    def fail(_: Sequence[str]) -> np.ndarray:
        raise RuntimeError("zanzibar")

    with pytest.raises(RuntimeError):
        refresh.refresh(desk.engine, content, DAYS, fail, None, desk.clock)
    kept = KeptReport(desk.engine, desk.clock)
    assert (kept.state().problem, kept.html()) == ("it ended with RuntimeError", None)
    assert refresh.refresh(desk.engine, content, DAYS, None, None, desk.clock)
    assert kept.state().problem is None


def test_no_turn_fails_while_another_process_works_on_the_same_database(desk: Desk) -> None:
    """The databases give a writer up that waits for two seconds: nothing here may hold them that long."""
    for _ in range(60):
        desk.visit().say("why", ANSWER)
    url = desk.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-W", "ignore", "-c", WORK, url, desk.clock.now.isoformat()]
    process = subprocess.Popen(command, cwd=paths.ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        talks = 0
        while process.poll() is None:
            desk.visit().say("why", ANSWER)
            talks += 1
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0
    assert talks > 1
    desk.update()
    assert (desk.counts("conversations"), desk.counts("outcome")) == ({"": 60 + talks}, {"answered": 60 + talks})
    assert KeptReport(desk.engine, desk.clock).html()


def test_the_command_makes_and_keeps_the_report(
    sqlite: Engine, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_way: list[int] = []
    monkeypatch.setattr(os, "nice", given_way.append)
    monkeypatch.setattr(lean_start, "install", lambda: None)
    monkeypatch.setattr("valve_clinic.insights.command.MEMORY_SCORE", tmp_path / "score")
    monkeypatch.setattr("valve_clinic.training.model_path", lambda: tmp_path / "no model")
    monkeypatch.setenv("WEBSITE_DATABASE_URL", f"sqlite:///{tmp_path}/website.db")
    engine = prepare(sqlite)
    done = CliRunner().invoke(main, ["insights", "refresh", "--from", "2026-11-01", "--to", "2026-11-23"])
    assert (done.exit_code, done.output) == (0, "the console's report is made\n")
    assert (given_way, (tmp_path / "score").read_text()) == ([10], "1000")
    kept = KeptReport(engine)
    assert (kept.state().first, kept.state().last) == (date(2026, 11, 1), date(2026, 11, 23))
    assert kept.begin()
    done = CliRunner().invoke(main, ["insights", "refresh"])
    assert (done.exit_code, done.output) == (0, "another process is making the console's report\n")
    assert (
        CliRunner().invoke(main, ["insights", "refresh", "--from", "2026-11-02", "--to", "2026-11-01"]).exit_code == 1
    )

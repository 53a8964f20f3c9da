"""The report in the console: what is kept is shown under its own policy, and a new one is made beside the server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from valve_clinic.clock import utc_now
from valve_clinic.console.store import ConsoleStore
from valve_clinic.insights import console_report, policy
from valve_clinic.insights.job import Job
from valve_clinic.insights.kept import KeptReport
from valve_clinic.insights.models import prepare

from .conftest import PASSWORD, Browser, Clock

DAYS = (date(2026, 10, 25), date(2026, 11, 23))
HTML = "<!DOCTYPE html><html><head><style>p { color: red }</style></head><body><p>a report</p></body></html>"
#: Works until the file is there.
_UNTIL = "import pathlib, sys\nwhile not pathlib.Path(sys.argv[1]).exists(): pass\n"


@pytest.fixture
def kept(store: ConsoleStore, clock: Clock) -> KeptReport:
    return KeptReport(prepare(store.engine), clock)


@pytest.fixture
def boss(store: ConsoleStore, browser: Browser) -> Browser:
    store.add_account("boss", "manager", PASSWORD)
    assert browser.log_in("boss").status_code == 303
    return browser


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A job that only writes down what it was told."""
    said = tmp_path / "said"
    write = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text(' '.join(sys.argv[2:]))"
    job = Job([sys.executable, "-S", "-c", write, str(said)])
    monkeypatch.setattr(console_report, "job", job)
    yield said
    job.wait(60)


def done(store: ConsoleStore) -> list[tuple[str, str]]:
    return [(entry.action, entry.outcome) for entry in reversed(store.audit_log()) if entry.action != "login"]


def test_only_a_manager_sees_the_report(nurse: Browser, kept: KeptReport) -> None:
    kept.keep(HTML, DAYS)
    for path in ("/insights", "/insights/report", "/inbox", "/inbox/message"):
        assert nurse.get(path).status_code == 403
    assert "/console/insights" not in nurse.get("/lookup").text


def test_the_kept_report_is_shown_as_it_was_written_and_its_reading_is_audited(store, boss, kept) -> None:
    kept.keep(HTML, DAYS)
    page = boss.get("/insights").text
    assert "The report of 2026-10-25 to 2026-11-23 was made at 2026-11-23 12:00 UTC." in page
    shown = boss.get("/insights/report")
    assert (shown.status_code, shown.text) == (200, HTML)
    assert shown.headers["content-security-policy"] == policy.of_style("p { color: red }")
    assert "frame-ancestors 'none'" in shown.headers["content-security-policy"]
    assert (shown.headers["cache-control"], shown.headers["x-frame-options"]) == ("no-store", "DENY")
    assert done(store) == [("read report", "ok")]


def test_a_report_is_shown_for_a_day(boss: Browser, kept: KeptReport, clock: Clock) -> None:
    assert boss.get("/insights/report").status_code == 404
    kept.keep(HTML, DAYS)
    clock.pass_minutes(24 * 60)
    boss.log_in("boss")
    assert "There is no report" in boss.get("/insights").text
    assert boss.get("/insights/report").status_code == 404


def test_a_new_report_is_made_by_a_process_with_the_days_of_the_form(store, boss, kept, told) -> None:
    answer = boss.post("/insights", **{"from": "2026-11-01", "to": "2026-11-20"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/insights")
    assert console_report.job.wait(60) == 0
    assert told.read_text() == "--from 2026-11-01 --to 2026-11-20"
    assert done(store) == [("make report", "started")]
    assert kept.state().made_at is None


@pytest.mark.parametrize(
    ("first", "last", "problem"),
    [
        ("2026-11-20", "2026-11-01", "before it begins"),
        ("1990-01-01", "", "longer than ten years"),
        ("yesterday", "", "a day is written like"),
        ("--out", "x", "a day is written like"),
    ],
)
def test_days_that_make_no_period_are_refused_in_words(boss, kept, told, first, last, problem) -> None:
    answer = boss.post("/insights", **{"from": first, "to": last})
    assert (answer.status_code, problem in answer.text) == (400, True)
    assert not told.exists()


def test_a_forged_form_makes_no_report(boss: Browser, kept: KeptReport, told: Path) -> None:
    assert boss.http.post("/console/insights", data={"csrf": "0"}).status_code == 403
    assert not told.exists()


def test_while_a_report_is_made_pages_are_answered_and_no_second_one_begins(
    store: ConsoleStore, boss: Browser, kept: KeptReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = tmp_path / "end"
    job = Job([sys.executable, "-S", "-c", _UNTIL, str(end)])
    monkeypatch.setattr(console_report, "job", job)
    try:
        boss.post("/insights")
        boss.post("/insights")
        assert "A new report is being made" in boss.get("/insights").text
        assert boss.get("/lookup").status_code == 200
        assert job.is_running, "nobody waited for it"
    finally:
        end.touch()
        assert job.wait(60) == 0
    assert done(store) == [("make report", "started"), ("make report", "under way")]
    assert "A new report is being made" not in boss.get("/insights").text


def test_what_another_server_makes_is_not_made_twice(boss, kept, told, clock: Clock) -> None:
    assert kept.begin()
    assert not kept.begin()
    assert "A new report is being made since 12:00 UTC" in boss.get("/insights").text
    boss.post("/insights")
    assert not told.exists()
    clock.pass_minutes(30)  # it was cut off
    boss.log_in("boss")
    assert "A new report is being made" not in boss.get("/insights").text
    assert kept.begin()


def test_why_a_report_was_not_made_is_said_and_the_one_before_stays(boss, kept, monkeypatch) -> None:
    kept.keep(HTML, DAYS)
    kept.begin()
    kept.fail("it ended with OperationalError")
    page = boss.get("/insights").text
    assert "it ended with OperationalError" in page
    assert "Read the report" in page
    kept.keep(HTML, DAYS)
    job = Job([sys.executable, "-S", "-c", "raise SystemExit(3)"])
    monkeypatch.setattr(console_report, "job", job)
    job.start()
    job.wait(60)
    assert "its process ended with an error" in boss.get("/insights").text
    assert not job.failed(utc_now()), "another one was made since, by the command"

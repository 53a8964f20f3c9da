"""The audit is never green for what was not looked at. Reports have pip-audit's shape, with made-up weaknesses."""

from __future__ import annotations

import datetime
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from valve_clinic.operations import audit
from valve_clinic.operations.audit import AuditError, Reviewed
from valve_clinic.operations.licences import LOCK, locked

TODAY = datetime.date(2026, 11, 25)
DAY = datetime.timedelta(days=1)
LOCKED = {"apple": "1.0", "pear-tree": "2.0"}
ENTRY = {
    "id": "CVE-2000-0001",
    "package": "apple",
    "reason": "not used",
    "reviewed": TODAY,
    "expires": TODAY + 30 * DAY,
}


def report(**weak: list[dict[str, Any]]) -> dict[str, Any]:
    named = {"apple": "1.0", "Pear_Tree": "2.0"}
    found = [{"name": name, "version": version, "vulns": weak.get(name, [])} for name, version in named.items()]
    return {"dependencies": found, "fixes": []}


def weakness(name: str, *aliases: str) -> dict[str, Any]:
    return {"id": name, "fix_versions": ["1.1"], "aliases": list(aliases), "description": "…"}


def test_nothing_known_and_everything_looked_at_is_right() -> None:
    assert audit.judge(report(), LOCKED, [], TODAY) == []


def test_an_unknown_weakness_fails_with_its_names_and_the_mend() -> None:
    found = audit.judge(report(apple=[weakness("PYSEC-2000-1", "CVE-2000-0001")]), LOCKED, [], TODAY)
    assert found == ["apple 1.0 has CVE-2000-0001 = PYSEC-2000-1, mended in 1.1"]


@pytest.mark.parametrize("names", [("CVE-2000-0001",), ("PYSEC-2000-1", "CVE-2000-0001")])
def test_a_reviewed_weakness_is_accepted_by_any_of_its_names(names: tuple[str, ...]) -> None:
    assert audit.judge(report(apple=[weakness(*names)]), LOCKED, [Reviewed(**ENTRY)], TODAY) == []


def test_a_review_counts_for_its_package_only() -> None:
    found = audit.judge(report(Pear_Tree=[weakness("CVE-2000-0001")]), LOCKED, [Reviewed(**ENTRY)], TODAY)
    assert len(found) == 1


def test_an_expired_review_fails_twice() -> None:
    late = TODAY + 30 * DAY
    found = audit.judge(report(apple=[weakness("CVE-2000-0001")]), LOCKED, [Reviewed(**ENTRY)], late)
    assert [line.partition(";")[0] for line in found] == [
        f"CVE-2000-0001 of apple: the review expired on {late}",
        "apple 1.0 has CVE-2000-0001, mended in 1.1",
    ]
    assert len(audit.judge(report(), LOCKED, [Reviewed(**ENTRY)], late)) == 1, "even where it is found no more"


def test_a_skipped_package_fails() -> None:
    made = report()
    made["dependencies"][1] = {"name": "pear-tree", "skip_reason": "not found on PyPI"}
    assert audit.judge(made, LOCKED, [], TODAY) == ["pear-tree was not looked at: not found on PyPI"]


def test_a_package_that_is_not_in_the_report_or_in_another_version_fails() -> None:
    made = report()
    del made["dependencies"][1]
    made["dependencies"][0]["version"] = "0.9"
    assert [line.split()[0] for line in audit.judge(made, LOCKED, [], TODAY)] == ["apple", "pear-tree"]


def test_a_report_in_which_all_is_skipped_means_that_nothing_was_reached() -> None:
    skipped = {"dependencies": [{"name": "apple", "skip_reason": "not found on PyPI"}]}
    with pytest.raises(AuditError, match="advisories cannot be reached: no package was looked at"):
        audit.check_reached(skipped)
    with pytest.raises(AuditError, match="advisories cannot be reached"):
        audit.check_reached({"dependencies": []})
    audit.check_reached(report())


def tool(monkeypatch: pytest.MonkeyPatch, written: str | None, error: str) -> None:
    """Let a pip-audit that writes `written` answer."""

    def run(command: list[str], **_options: Any) -> Any:
        if "export" in command:
            return subprocess.CompletedProcess(command, 0, "apple==1.0 \\\n    --hash=sha256:00\npear-tree==2.0\n", "")
        if written is not None:
            Path(command[command.index("--output") + 1]).write_text(written)
        return subprocess.CompletedProcess(command, 1, "", error)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(audit, "read_reviewed", lambda: [])


@pytest.mark.parametrize("written", [None, "", "{"])
def test_a_tool_that_fails_is_said_and_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], written: str | None
) -> None:
    tool(monkeypatch, written, "first\nconnection refused")
    assert audit.main("uv") == 1
    assert capsys.readouterr().err.splitlines() == [
        "the advisories cannot be reached: connection refused",
        "audit: failed (1)",
    ]


def test_a_clean_report_is_green(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    tool(monkeypatch, json.dumps(report()), "")
    assert audit.main("uv") == 0
    assert capsys.readouterr().out == "audit: 2 packages looked at, 0 reviewed weaknesses\n"


def test_the_reviewed_list_is_in_order_and_names_locked_packages() -> None:
    names = locked(LOCK.read_text(encoding="utf-8"))
    entries = audit.read_reviewed()
    assert len({(entry.id, entry.package) for entry in entries}) == len(entries)
    assert {entry.package for entry in entries} <= set(names)


@pytest.mark.parametrize(
    "change",
    [
        {"reason": ""},
        {"reason": None},
        {"expires": "soon"},
        {"expires": TODAY + 185 * DAY},
        {"expires": TODAY},
        {"more": "x"},
    ],
)
def test_an_entry_without_reason_or_with_too_long_a_time_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    import yaml

    path = tmp_path / "advisories.yml"
    path.write_text(yaml.safe_dump([{**ENTRY, **change}]))
    with pytest.raises(AuditError, match="entry 1"):
        audit.read_reviewed(path)
    path.write_text(yaml.safe_dump([ENTRY]))
    assert audit.read_reviewed(path) == [Reviewed(**ENTRY)]


@pytest.mark.parametrize("text", ["[", "a: b", "- a"])
def test_a_list_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "advisories.yml"
    path.write_text(text)
    with pytest.raises(AuditError, match="advisories.yml"):
        audit.read_reviewed(path)


def test_pinned_lines_for_other_machines_are_left_out() -> None:
    text = (
        "apple==1.0 ; python_full_version >= '3.9' \\\n    --hash=sha256:00\nPear_Tree==2.0 \\\n"
        "plum==3.0 ; sys_platform == 'win32' \\\n    --hash=sha256:11\n# cherry==1\n"
    )
    assert audit.locked_packages(text) == LOCKED

"""Looks for known weaknesses of the locked packages: fails on what nobody reviewed, and on what was not looked at.

`pip-audit` runs in an environment of its own. A package that it skips counts as a failure: it skips what it cannot look
up, and says "no known vulnerabilities" all the same.
"""

from __future__ import annotations

import datetime
import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from valve_clinic import paths

TOOL = "pip-audit==2.10.1"
REVIEWED_FILE = paths.ROOT / "security" / "advisories.yml"
#: The longest time for which a weakness may be accepted.
LONGEST = datetime.timedelta(days=184)
_KEYS = {"id", "package", "reason", "reviewed", "expires"}
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)\s*(;[^\\]*)?")


class AuditError(RuntimeError):
    """The audit could not be made; the message says why."""


@dataclass(frozen=True)
class Reviewed:
    """A weakness that was accepted for a time."""

    id: str
    package: str
    reason: str
    reviewed: datetime.date
    expires: datetime.date


def read_reviewed(path: Path = REVIEWED_FILE) -> list[Reviewed]:
    """Return the reviewed weaknesses; raises `AuditError` naming the entry that is wrong."""
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise AuditError(f"{path.name} cannot be read ({type(error).__name__})") from None
    if not isinstance(entries, list):
        raise AuditError(f"{path.name} must be a list of entries")
    return [_reviewed(path, position, entry) for position, entry in enumerate(entries, 1)]


def judge(report: dict[str, Any], locked: dict[str, str], reviewed: list[Reviewed], today: datetime.date) -> list[str]:
    """Return what is wrong, a line each.

    `report` is pip-audit's JSON; `locked` maps the names that had to be looked at to their versions.
    """
    problems = [
        f"{entry.id} of {entry.package}: the review expired on {entry.expires}; look at it again"
        for entry in reviewed
        if entry.expires <= today
    ]
    accepted = {(canonical(entry.package), entry.id) for entry in reviewed if entry.expires > today}
    seen: set[str] = set()
    for dependency in report["dependencies"]:
        name = canonical(dependency["name"])
        if "skip_reason" in dependency:
            problems.append(f"{name} was not looked at: {dependency['skip_reason']}")
            seen.add(name)
            continue
        if dependency["version"] == locked.get(name):
            seen.add(name)
        for weakness in dependency["vulns"]:
            names = {weakness["id"], *weakness.get("aliases", ())}
            if not any((name, known) in accepted for known in names):
                fixed = ", ".join(weakness.get("fix_versions") or ()) or "no version"
                shown = " = ".join(sorted(names))
                problems.append(f"{name} {dependency['version']} has {shown}, mended in {fixed}")
    problems += [
        f"{name} {locked[name]} was not looked at: it is not in the report" for name in sorted(set(locked) - seen)
    ]
    return problems


def locked_packages(requirements: str) -> dict[str, str]:
    """Return name and version of each pinned line of an exported lock that is meant for this machine."""
    from packaging.markers import Marker

    found = {}
    for match in filter(None, map(_PINNED.match, requirements.splitlines())):
        if match[3] is None or Marker(match[3].strip("; ")).evaluate():
            found[canonical(match[1])] = match[2]
    return found


def canonical(name: str) -> str:
    """Return a package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def export(uv: str) -> str:
    """Return the lock as pinned requirements with hashes, every group."""
    command = [uv, "export", "--frozen", "--all-groups", "--no-emit-project", "--no-header", "--no-annotate", "--quiet"]
    done = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise AuditError(f"the lock cannot be exported: {_last_line(done.stderr)}")
    return done.stdout


def look_up(uv: str, requirements: str) -> dict[str, Any]:
    """Return pip-audit's report; raises `AuditError` when the advisories cannot be reached."""
    with tempfile.TemporaryDirectory() as name:
        listed, report = Path(name) / "requirements.txt", Path(name) / "report.json"
        listed.write_text(requirements, encoding="utf-8")
        command = [uv, "tool", "run", "--quiet", "--from", TOOL, "pip-audit", "--requirement", str(listed)]
        command += ["--require-hashes", "--disable-pip", "--format", "json", "--output", str(report)]
        command += ["--progress-spinner", "off", "--desc", "off", "--aliases", "on"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        try:
            read: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise AuditError(f"the advisories cannot be reached: {_last_line(done.stderr)}") from None
    check_reached(read)
    return read


def check_reached(report: dict[str, Any]) -> None:
    """Raise `AuditError` when the report knows nothing of any package."""
    dependencies = report["dependencies"]
    if all("skip_reason" in dependency for dependency in dependencies):
        why = dependencies[0]["skip_reason"] if dependencies else "the report is empty"
        raise AuditError(f"the advisories cannot be reached: no package was looked at ({why})")


def main(uv: str) -> int:
    """Audit the lock; returns 0 only when every package was looked at and nothing is left open."""
    try:
        reviewed = read_reviewed()
        requirements = export(uv)
        locked = locked_packages(requirements)
        problems = judge(
            look_up(uv, requirements), locked, reviewed, datetime.datetime.now(datetime.timezone.utc).date()
        )
    except AuditError as error:
        problems = [str(error)]
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print(f"audit: failed ({len(problems)})", file=sys.stderr)
        return 1
    print(f"audit: {len(locked)} packages looked at, {len(reviewed)} reviewed weaknesses")
    return 0


def _reviewed(path: Path, position: int, entry: Any) -> Reviewed:
    place = f"{path.name}: entry {position}"
    if not isinstance(entry, dict) or set(entry) != _KEYS:
        raise AuditError(f"{place} must have exactly {', '.join(sorted(_KEYS))}")
    for key in ("id", "package", "reason"):
        if not isinstance(entry[key], str) or not entry[key].strip():
            raise AuditError(f"{place}: {key} must be a text")
    if not all(type(entry[key]) is datetime.date for key in ("reviewed", "expires")):
        raise AuditError(f"{place}: reviewed and expires must be dates like 2026-11-25")
    made = Reviewed(**entry)
    if not datetime.timedelta(0) < made.expires - made.reviewed <= LONGEST:
        raise AuditError(f"{place} ({made.id}): at most {LONGEST.days} days may lie between reviewed and expires")
    return made


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason was given"])[-1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

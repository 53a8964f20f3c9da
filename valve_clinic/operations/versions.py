"""Refuses databases that a newer release has written."""

from __future__ import annotations

from pathlib import Path

from valve_clinic import schema_version
from valve_clinic.operations import databases
from valve_clinic.operations.finding import Finding


def check_files() -> list[Finding]:
    """Return the SQLite files whose tables are newer than this release."""
    found = []
    for database in databases.configured():
        if database.file is not None:
            found += check(database.file.name, of_file(database.file))
    return found


def check(place: str, of_tables: dict[str, int]) -> list[Finding]:
    """Return a finding for each set of tables that this release does not know."""
    found = []
    for name, version in of_tables.items():
        known = schema_version.known_version(name)
        if version > known:
            reason = f"{place}: the {name} tables are of a newer release (version {version}, this one knows {known})"
            found.append(Finding(reason, "install that release, or put back a backup that this one made"))
    return found


def of_file(path: Path) -> dict[str, int]:
    """Return the versions that an SQLite file says it has."""
    rows = databases.query(path, f"SELECT name, version FROM {schema_version.TABLE}")  # noqa: S608
    return {str(name): int(str(version)) for name, version in rows}

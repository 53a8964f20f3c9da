"""Lists every locked package with its licence, and adds the licences to the bill of materials."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from typing import Any

from valve_clinic import paths
from valve_clinic.operations.audit import canonical

LOCK = paths.ROOT / "uv.lock"
LIST = paths.ROOT / "docs" / "licences.md"
BILL = paths.VAR / "sbom.json"
NOT_HERE = "not installed on Linux"
UNKNOWN = "not said by the package"
_PACKAGE = re.compile(r'^\[\[package\]\]\nname = "([^"]+)"\nversion = "([^"]+)"', re.MULTILINE)
_CLASSIFIER = "License :: "
#: A licence field that is longer holds the whole text of the licence; its first line names it.
_LONGEST_NAME = 80
_HEAD = """# Licences

The packages of `uv.lock` with the licence that each of them states; `make sbom` writes this page anew, and the bill of
materials (CycloneDX) to `var/sbom.json`. Training, test and comparison tools are included. The chatbot's own licence is
Apache-2.0.

| package | version | licence |
|---|---|---|
"""


def locked(text: str) -> dict[str, str]:
    """Return name and version of every package in the text of a uv.lock but the project itself."""
    return {name: version for name, version in _PACKAGE.findall(text) if name != "valve-clinic"}


def licence_of(name: str) -> str:
    """Return the licence that the installed package states, in one line."""
    try:
        stated = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return NOT_HERE
    if "License-Expression" in stated:
        return stated["License-Expression"]
    classifiers = [
        line.rpartition(" :: ")[2]
        for line in stated.get_all("Classifier") or ()
        if line.startswith(_CLASSIFIER) and line != "License :: OSI Approved"
    ]
    if classifiers:
        return " / ".join(classifiers)
    field = stated["License"].strip() if "License" in stated else ""
    first = field.splitlines()[0].strip() if field else ""
    if first and first != "UNKNOWN" and len(first) <= _LONGEST_NAME:
        return first
    return _of_file(name, stated.get_all("License-File") or ())


def _of_file(name: str, files: Iterable[str]) -> str:
    """Return the first line of a licence's text that comes with the package, where that line is the licence's name."""
    for file in files:
        text = metadata.distribution(name).read_text(f"licenses/{file}") or ""
        first = text.strip().partition("\n")[0].strip()
        if len(first) <= _LONGEST_NAME and "licen" in first.lower():
            return first
    return UNKNOWN


def table(packages: dict[str, str]) -> str:
    """Return the page."""
    rows = [f"| {name} | {version} | {licence_of(name).replace('|', '/')} |\n" for name, version in packages.items()]
    return _HEAD + "".join(rows)


def listed(page: str) -> dict[str, str]:
    """Return name and version of every row of the page."""
    rows = re.findall(r"^\| ([A-Za-z0-9._-]+) \| (\S+) \| .+ \|$", page, re.MULTILINE)
    return {name: version for name, version in rows if name != "package"}


def with_licences(bill: dict[str, Any]) -> dict[str, Any]:
    """Add to every component of a CycloneDX bill the licence that it states."""
    for component in bill.get("components", ()):
        found = licence_of(canonical(component["name"]))
        if found not in (NOT_HERE, UNKNOWN):
            component["licenses"] = [{"license": {"name": found}}]
    return bill


def export(uv: str) -> dict[str, Any]:
    """Return uv's CycloneDX bill of the lock; raises `RuntimeError` when this uv cannot write one."""
    command = [uv, "export", "--frozen", "--all-groups", "--format", "cyclonedx1.5", "--quiet"]
    done = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"uv made no bill of materials (it needs uv 0.9.11 or later): {done.stderr.strip()[-300:]}")
    bill: dict[str, Any] = json.loads(done.stdout)
    return bill


def main(uv: str) -> int:
    """Write the bill of materials and the page; returns 0 when both were written."""
    try:
        bill = with_licences(export(uv))
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    BILL.write_text(json.dumps(bill, indent=1) + "\n", encoding="utf-8")
    LIST.write_text(table(locked(LOCK.read_text(encoding="utf-8"))), encoding="utf-8")
    shown = [path.relative_to(paths.ROOT) for path in (BILL, LIST)]
    print(f"{len(bill['components'])} components: {shown[0]}, {shown[1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

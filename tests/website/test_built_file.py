"""The built file: one script, small, made from the source, with nothing of anybody else's in it."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
from pathlib import Path

from support import missing_service

from .fake import WIDGET

BUILT = WIDGET / "dist" / "widget.js"
LIMIT = 12_000
#: Words of another language: a file that only its readers load.
SPANISH = BUILT.with_name("widget.es.js")


def npm(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["npm", *words], cwd=folder, capture_output=True, text=True, check=False, timeout=240)


def test_the_built_file_is_what_the_source_and_the_locked_builder_make(tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        missing_service("there is no npm to rebuild widget/dist/widget.js with (on Debian: apt-get install npm)")
    folder = tmp_path / "widget"
    shutil.copytree(WIDGET, folder, ignore=shutil.ignore_patterns("node_modules", "dist"))
    for words in (("ci", "--ignore-scripts", "--no-audit", "--no-fund"), ("run", "build")):
        done = npm(folder, *words)
        assert done.returncode == 0, done.stderr[-2000:]
    for built in (BUILT, SPANISH):
        same = (folder / "dist" / built.name).read_bytes() == built.read_bytes()
        assert same, "run: cd widget && npm ci && npm run build"


def test_it_is_small() -> None:
    assert len(gzip.compress(BUILT.read_bytes(), 9, mtime=0)) <= LIMIT


def test_it_needs_nothing_at_run_time() -> None:
    package = json.loads((WIDGET / "package.json").read_text(encoding="utf-8"))
    assert "dependencies" not in package
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in package["devDependencies"].values())
    code = BUILT.read_text(encoding="utf-8")
    assert not re.search(r"\bimport\b\s*[({\"']|\brequire\(|\bexport\b", code)


def test_it_names_no_host() -> None:
    """The only addresses are a namespace and telephone numbers."""
    addresses = set(re.findall(r"[a-z]+://[^\s\"'`]+", BUILT.read_text(encoding="utf-8")))
    assert addresses == {"http://www.w3.org/2000/svg"}


def test_it_has_no_way_to_run_text() -> None:
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function"
        r"|localStorage|document\.cookie|sendBeacon"
    )
    for path in [BUILT, *(WIDGET / "src").glob("*.js")]:
        code = re.sub(r"//.*|/\*.*?\*/", "", path.read_text(encoding="utf-8"))
        assert re.findall(forbidden, code) == [], path.name

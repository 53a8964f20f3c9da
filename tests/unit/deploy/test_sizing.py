"""What more patients need is reckoned from what was measured, and what was not is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import sizing

FOUND = {
    "load": {"own": {"throughput": 50.0, "processor_ms": 20.0}},
    "memory": {"own": {"after_mb": 600.0}},
    "processes": {"own": {"throughput_ratio": 1.6}},
    "long": {"own": {"bytes_per_turn": 2000.0}},
}


def cells(found: dict[str, object], row: str) -> list[str]:
    (line,) = (line for line in sizing.text(found).splitlines() if line.startswith(f"| {row}"))
    return [cell.strip() for cell in line.strip("|").split("|")[1:]]


def test_each_more_process_brings_what_the_second_brought() -> None:
    assert cells(FOUND, "messages a second") == ["50", "500", "5,000"]
    assert cells(FOUND, "processes") == ["1", "13", "125"]  # 10 / 0.8, rounded up
    assert cells(FOUND, "their memory") == ["600 MB", "7,800 MB", "75,000 MB"]
    assert cells(FOUND, "connections") == ["32", "416", "4,000"]
    assert "0.3 core hours" in sizing.text(FOUND)
    assert "100 MB of disk" in sizing.text(FOUND)


def test_what_was_not_measured_is_no_number() -> None:
    found = {**FOUND, "processes": {}}
    assert cells(found, "processes") == ["1", sizing.UNKNOWN, sizing.UNKNOWN]
    assert cells({}, "patients at once") == [sizing.UNKNOWN] * 3


def test_the_text_around_the_marks_stays(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{sizing.BEGIN}\nold\n{sizing.END}\nafter\n", encoding="utf-8")
    sizing.write(FOUND, page)
    sizing.write(FOUND, page)
    written = page.read_text(encoding="utf-8")
    assert written.startswith("before\n")
    assert written.endswith("after\n")
    assert "old" not in written
    assert written.count("messages a second") == 1
    page.write_text("nothing", encoding="utf-8")
    with pytest.raises(ValueError, match="no marks"):
        sizing.write(FOUND, page)


def test_the_page_has_what_the_measured_figures_say() -> None:
    written = sizing.PAGE.read_text(encoding="utf-8")
    assert f"{sizing.BEGIN}\n\n{sizing.text(sizing.measured())}\n\n{sizing.END}" in written

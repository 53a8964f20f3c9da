"""Reckons from the measured figures what ten and a hundred times the patients need, and writes it into the docs."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from valve_clinic import paths
from valve_clinic.database import POOL

PAGE = paths.ROOT / "docs" / "operations.md"
BEGIN, END = "<!-- sizing: written by benchmarks/sizing.py -->", "<!-- end of sizing -->"
UNKNOWN = "not measured yet"
SCALES = (1, 10, 100)
#: What is assumed, not measured: seconds between two messages of a patient, and messages of a conversation.
PAUSE_SECONDS, MESSAGES = 30, 5
CONVERSATIONS = 10_000
#: Of the pool of one process. With a PostgreSQL LOCK_URL each conversation that is answered just now has one more.
CONNECTIONS = POOL["pool_size"] + POOL["max_overflow"]
#: docs/reliability.md: the message when it comes, the answer when it is there.
COMMITS = 2


def text(found: dict[str, Any]) -> str:
    """Return the tables in Markdown; what rests on a figure that is missing says so."""

    def of(measure: str, key: str) -> float | None:
        value = found.get(measure, {}).get("own", {}).get(key)
        return None if value is None else float(value)

    rate, memory = of("load", "throughput"), of("memory", "after_mb")
    ratio, work = of("processes", "throughput_ratio"), of("load", "processor_ms")
    size = of("long", "bytes_per_turn")
    processes = {n: 1.0 if n == 1 else _over(n * 2, ratio) for n in SCALES}
    talking = f"patients at once, a message every {PAUSE_SECONDS} s"
    rows = [
        ("messages a second", [_times(rate, n) for n in SCALES], ""),
        (talking, [_times(rate, n * PAUSE_SECONDS) for n in SCALES], ""),
        ("processes, a core each", [_up(processes[n]) for n in SCALES], ""),
        ("their memory", [_times(memory, _up(processes[n])) for n in SCALES], " MB"),
        ("connections to PostgreSQL at most", [_times(CONNECTIONS, _up(processes[n])) for n in SCALES], ""),
        ("commits a second", [_times(rate, n * COMMITS) for n in SCALES], ""),
    ]
    lines = [f"| | {' | '.join(f'{n} ×' for n in SCALES)} |", f"|---|{'---|' * len(SCALES)}"]
    for name, values, unit in rows:
        lines.append(f"| {name} | {' | '.join(_shown(value, unit) for value in values)} |")
    messages = CONVERSATIONS * MESSAGES
    lines += [
        "",
        f"{CONVERSATIONS:,} conversations of {MESSAGES} messages take "
        f"{_shown(_times(work, messages / 3_600_000), ' core hours', 1)} and, until they are deleted, "
        f"{_shown(_times(size, messages / 1e6), ' MB')} of disk.",
    ]
    return "\n".join(lines)


def write(found: dict[str, Any], page: Path = PAGE) -> None:
    """Put the tables between their marks; raises `ValueError` where there are none."""
    head, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{page.name} has no marks to write between; put {BEGIN} and {END} back")
    page.write_text(f"{head}{BEGIN}\n\n{text(found)}\n\n{END}{tail}", encoding="utf-8")


def _times(value: float | None, factor: float | None) -> float | None:
    return None if value is None or factor is None else value * factor


def _over(value: float, divisor: float | None) -> float | None:
    return None if divisor is None else value / divisor


def _up(value: float | None) -> float | None:
    return None if value is None else math.ceil(value)


def _shown(value: float | None, unit: str, digits: int = 0) -> str:
    return UNKNOWN if value is None else f"{value:,.{digits}f}{unit}"


def measured() -> dict[str, Any]:
    """Return the figures of docs/performance.json; none where nothing was measured."""
    file = paths.ROOT / "docs" / "performance.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found


if __name__ == "__main__":
    write(measured())

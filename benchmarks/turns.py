"""Measures whole turns over HTTP, side by side with stock Rasa, and writes docs/performance.md with its pictures.

    .venv/bin/python -m benchmarks.turns [--only latency,load …] [--seconds 30] [--messages 100000] [--quick]

Run it on a machine that does nothing else. `--quick` proves that everything works: its figures mean nothing and go to
the folder of `--out` (default `var/performance`) only. `--without-stock` leaves the comparison out. Two processes
behind nginx need nginx and `--database`, the URL of an empty PostgreSQL database.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import math
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import document, patients, servers
from benchmarks.servers import Running
from valve_clinic import paths

_LOADS = (5, 10, 15, 20, 25, 30, 35, 40, 50, 60, 70, 80, 90, 100)
#: How many times the step between the highest load that is answered in time and the next one is halved.
_HALVINGS = 2
_PATIENTS = 50
_P95_MS = 500.0
_TURNS = 200
Start = Callable[[Path], Running]


def main() -> None:
    """Measure what is asked for, and write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", default=",".join(MEASURES), help=f"of {', '.join(MEASURES)}")
    parser.add_argument("--seconds", type=float, default=30.0, help="seconds of each load")
    parser.add_argument("--messages", type=int, default=100_000, help="messages between the two memory readings")
    parser.add_argument("--database", help="URL of an empty PostgreSQL database, for several processes")
    parser.add_argument("--without-stock", action="store_true")
    parser.add_argument("--quick", action="store_true", help="tiny runs: their figures mean nothing")
    parser.add_argument("--out", type=Path, help="folder for the figures instead of docs/")
    wanted = parser.parse_args()
    if wanted.quick:
        wanted.seconds, wanted.messages = 2.0, 20
        wanted.out = wanted.out or paths.ROOT / "var" / "performance"
    names = [name for name in wanted.only.split(",") if name]
    unknown = sorted(set(names) - MEASURES.keys())
    if unknown:
        parser.error(f"no such measure: {', '.join(unknown)}")
    services: dict[str, Start] = {"own": servers.own}
    if not wanted.without_stock:
        services["stock"] = servers.stock
    found = document.read(wanted.out)
    found["machine"] = document.machine()
    found["quick"] = wanted.quick
    for name in names:
        for service, start in services.items():
            if service == "stock" and name in _OWN_ONLY:
                continue
            print(f"... {name}: {service}", file=sys.stderr, flush=True)
            with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
                found.setdefault(name, {})[service] = MEASURES[name](start, Path(folder), wanted)
            document.write(found, wanted.out)
    print(document.table(found))


def _latency(start: Start, folder: Path, wanted: Any) -> dict[str, Any]:
    """The time of one message alone, and at ten a second from fifty patients."""
    service = start(folder)
    try:
        alone = asyncio.run(patients.one_after_another(service, 5 if wanted.quick else 100))
        together = asyncio.run(patients.at_rate(service, _PATIENTS, 10, wanted.seconds))
    finally:
        service.stop()
    return {
        "alone_median_ms": alone.ms(50),
        "median_ms": together.ms(50),
        "p99_ms": together.ms(99),
        "messages": len(together.seconds),
        "failed": alone.failed + together.failed,
        "ready_seconds": service.seconds_to_ready,
    }


def _load(start: Start, folder: Path, wanted: Any) -> dict[str, Any]:
    """The latency at rising loads, and the highest that is answered in time."""
    service = start(folder)
    try:
        return _rise(service, wanted)
    finally:
        service.stop()


def _rise(service: Running, wanted: Any) -> dict[str, Any]:
    steps: list[dict[str, float]] = []

    def measure(rate: float) -> float:
        before = service.processor_seconds()
        outcome = asyncio.run(patients.at_rate(service, _PATIENTS, rate, wanted.seconds))
        used = service.processor_seconds() - before
        steps.append(
            {
                "asked": rate,
                "answered": outcome.rate,
                "median_ms": outcome.ms(50),
                "p95_ms": outcome.ms(95),
                "p99_ms": outcome.ms(99),
                "failed": outcome.failed,
                "processor_ms": used * 1000 / max(1, len(outcome.seconds)),
            }
        )
        return outcome.ms(95) if outcome.seconds else math.inf

    for rate in _LOADS[:2] if wanted.quick else _LOADS:
        if measure(rate) > 4 * _P95_MS:
            break  # it gets no better
    for _ in range(0 if wanted.quick else _HALVINGS):
        # Half way between the highest load that is answered in time and the next one.
        highest = max((step["asked"] for step in steps if _is_fine(step)), default=0.0)
        above = [step["asked"] for step in steps if step["asked"] > highest]
        if above:
            measure((highest + min(above)) / 2)
    steps.sort(key=lambda step: step["asked"])
    fine = [step for step in steps if _is_fine(step)]
    best = max(fine, key=lambda step: step["answered"]) if fine else None
    return {
        "steps": steps,
        "throughput": best["answered"] if best else 0.0,
        "processor_ms": best["processor_ms"] if best else steps[-1]["processor_ms"],
    }


def _is_fine(step: dict[str, float]) -> bool:
    return step["p95_ms"] <= _P95_MS and not step["failed"]


def _long(start: Start, folder: Path, wanted: Any) -> dict[str, Any]:
    """The time of each turn of a long conversation, and what it stores."""
    turns = 12 if wanted.quick else _TURNS
    service = start(folder)
    try:
        asyncio.run(patients.one_after_another(service, 3))
        before = service.stored_bytes()
        outcome = asyncio.run(patients.one_after_another(service, turns))
    finally:
        service.stop()
    ms = [seconds * 1000 for seconds in outcome.seconds]
    early, late = statistics.median(ms[5:15]), statistics.median(ms[-10:])
    return {
        "ms": [round(value, 2) for value in ms],
        "turn_10_ms": early,
        "turn_200_ms": late,
        "ratio": late / early,
        # After the stop: SQLite has moved its log into the file.
        "bytes_per_turn": (service.stored_bytes() - before) / max(1, len(ms)),
        "failed": outcome.failed,
    }


def _memory(start: Start, folder: Path, wanted: Any) -> dict[str, Any]:
    """The memory of the whole service, ready and after many messages."""
    service = start(folder)
    try:
        asyncio.run(patients.many(service, 10))
        ready = service.memory()
        outcome = asyncio.run(patients.many(service, wanted.messages))
        return {
            "ready_mb": ready,
            "after_mb": service.memory(),
            "messages": len(outcome.seconds),
            "failed": outcome.failed,
            "grown": service.memory() / ready - 1,
        }
    finally:
        service.stop()


def _ready(start: Start, folder: Path, wanted: Any) -> dict[str, Any]:
    """The seconds from the start to the first possible answer; the first start warms the disk."""
    seconds = []
    for _ in range(2 if wanted.quick else 4):
        service = start(folder)
        service.stop()
        seconds.append(service.seconds_to_ready)
    return {"median_seconds": statistics.median(seconds[1:]), "all_seconds": seconds}


def _parts(_start: Start, folder: Path, wanted: Any) -> dict[str, Any]:
    """Where a turn's time goes, in the project's server."""
    work = folder / "work"
    service = servers.own(folder, work)
    try:
        asyncio.run(patients.one_after_another(service, 3))
        size = work.stat().st_size
        outcome = asyncio.run(patients.one_after_another(service, 10 if wanted.quick else 200))
    finally:
        service.stop()
    sums: dict[str, float] = collections.defaultdict(float)
    with work.open(encoding="utf-8") as lines:
        lines.seek(size)
        for line in lines:
            name, _, ms = line.rstrip().partition("\t")
            sums[name] += float(ms)
    turns = len(outcome.seconds)
    mean = {name: total / turns for name, total in sums.items() if total}
    return {"whole_ms": statistics.mean(outcome.seconds) * 1000, "parts_ms": mean, "turns": turns}


def _processes(_start: Start, folder: Path, wanted: Any) -> dict[str, Any]:
    """One process and two behind nginx, on PostgreSQL."""
    if not wanted.database:
        return {"left_out": "no --database was given"}
    found: dict[str, Any] = {}
    for count in (1, 2):
        service = servers.behind_nginx(folder / str(count), count, wanted.database)
        try:
            found[str(count)] = _rise(service, wanted)
        finally:
            service.stop()
    one, two = found["1"], found["2"]
    found["processor_ratio"] = two["processor_ms"] / one["processor_ms"]
    found["throughput_ratio"] = two["throughput"] / one["throughput"] if one["throughput"] else None
    return found


MEASURES: dict[str, Callable[[Start, Path, Any], dict[str, Any]]] = {
    "latency": _latency,
    "load": _load,
    "long": _long,
    "ready": _ready,
    "memory": _memory,
    "parts": _parts,
    "processes": _processes,
}
_OWN_ONLY = frozenset({"parts", "processes"})


if __name__ == "__main__":
    main()

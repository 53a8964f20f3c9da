"""Writes the figures: JSON, the table of docs/performance.md between its marks, and the pictures."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import sizing
from valve_clinic import paths, training

DOCS = paths.ROOT / "docs"
BEGIN, END = "<!-- figures: written by benchmarks/turns.py -->", "<!-- end of figures -->"
_LIBRARIES = ("rasa", "sanic", "uvloop", "sqlalchemy", "onnxruntime", "spacy")


def machine() -> dict[str, Any]:
    """Return what the figures were measured on."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return {
        "processor": cpu,
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in _LIBRARIES},
        "model": training.model_path().name,
    }


def read(out: Path | None) -> dict[str, Any]:
    """Return the figures of earlier runs, so that a run may measure a part anew."""
    file = _figures(out)
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found


def write(found: dict[str, Any], out: Path | None) -> None:
    """Write the JSON and the pictures, and the table into docs/performance.md or beside them."""
    file = _figures(out)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    images = out or DOCS / "images"
    names = draw(found, images)
    text = table(found) + "\n" + "".join(f"\n![{alt}](images/{name})\n" for name, alt in names)
    if out is not None:
        (out / "performance.md").write_text(text, encoding="utf-8")
        return
    page = DOCS / "performance.md"
    page.write_text(between(page.read_text(encoding="utf-8"), text), encoding="utf-8")
    sizing.write(found)


def between(page: str, text: str) -> str:
    """Return the page with the text between its marks."""
    head, _, rest = page.partition(BEGIN)
    _, mark, tail = rest.partition(END)
    if not mark:
        raise ValueError("the page has no marks to write between")
    return f"{head}{BEGIN}\n\n{text}\n{END}{tail}"


def table(found: dict[str, Any]) -> str:
    """Return the measures as a table in Markdown; what was not measured says so."""

    def of(measure: str, service: str, key: str, unit: str, digits: int = 0) -> str:
        value = found.get(measure, {}).get(service, {}).get(key)
        return "not measured yet" if value is None else f"{value:,.{digits}f}{unit}"

    rows = [
        ("a question alone, median", "25 ms, a quarter of stock", "latency", "alone_median_ms", " ms", 1),
        ("at 10 messages a second from 50 patients, median", "–", "latency", "median_ms", " ms", 1),
        ("the same, 99th percentile", "120 ms", "latency", "p99_ms", " ms", 1),
        ("messages a second of one process, p95 ≤ 500 ms", "60, four times stock", "load", "throughput", "", 1),
        ("processor time of a message", "–", "load", "processor_ms", " ms", 1),
        ("turn 200 against turn 10", "1.3", "long", "ratio", " ×", 2),
        ("stored bytes of a turn", "2,000", "long", "bytes_per_turn", "", 0),
        ("ready after the start, warm disk", "12 s, not above stock", "ready", "median_seconds", " s", 1),
        ("memory of the whole service, ready", "900 MB", "memory", "ready_mb", " MB", 0),
        ("the same after the messages below", "+5 %", "memory", "after_mb", " MB", 0),
        ("messages before that", "100,000", "memory", "messages", "", 0),
    ]
    lines = ["| measure | to reach | this project | stock Rasa |", "|---|---|---|---|"]
    lines += [
        f"| {name} | {goal} | {of(measure, 'own', key, unit, digits)} | {of(measure, 'stock', key, unit, digits)} |"
        for name, goal, measure, key, unit, digits in rows
    ]
    for name, goal, key in (
        ("two processes behind nginx against one: processor time of a message", "1.2", "processor_ratio"),
        ("the same: messages a second", "1.5", "throughput_ratio"),
    ):
        lines.append(f"| {name} | {goal} | {of('processes', 'own', key, ' ×', 2)} | – |")
    where = found.get("machine")
    if where:
        libraries = ", ".join(f"{name} {number}" for name, number in where["libraries"].items())
        lines += [
            "",
            f"{where['processor']}, {where['cores']} cores, {where['system']}, Python {where['python']}, {libraries}, "
            f"{where['model']}; load before the last run {where['load_before']:.1f}.",
        ]
    if found.get("quick"):
        lines += ["", "**A quick run: these figures only prove that measuring works.**"]
    return "\n".join(lines)


def draw(found: dict[str, Any], folder: Path) -> list[tuple[str, str]]:
    """Draw what there are figures for; returns names and descriptions."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    folder.mkdir(parents=True, exist_ok=True)
    names: list[tuple[str, str]] = []

    def save(figure: Any, name: str, alt: str) -> None:
        figure.tight_layout()
        figure.savefig(folder / name, dpi=110)
        pyplot.close(figure)
        names.append((name, alt))

    if found.get("long"):
        figure, axes = pyplot.subplots(figsize=(7, 3.5))
        for service, figures in found["long"].items():
            axes.plot(range(1, len(figures["ms"]) + 1), figures["ms"], label=_label(service), linewidth=1)
        axes.set(xlabel="turn of one conversation", ylabel="milliseconds", ylim=(0, None))
        axes.legend()
        save(figure, "performance-turns.png", "The time of each turn of one long conversation")
    if found.get("load"):
        figure, axes = pyplot.subplots(figsize=(7, 3.5))
        for service, figures in found["load"].items():
            steps = figures["steps"]
            axes.plot([s["asked"] for s in steps], [s["p95_ms"] for s in steps], marker="o", label=_label(service))
        axes.axhline(500, color="grey", linestyle=":")
        axes.set(xlabel="messages a second", ylabel="95th percentile, milliseconds", yscale="log")
        axes.legend()
        save(figure, "performance-load.png", "The 95th percentile of the latency at rising loads")
    if found.get("parts"):
        figures = found["parts"]["own"]
        parts = sorted(figures["parts_ms"].items(), key=lambda part: part[1])
        figure, axes = pyplot.subplots(figsize=(7, 3.5))
        axes.barh([name for name, _ in parts], [ms for _, ms in parts])
        axes.set(xlabel=f"milliseconds, of {figures['whole_ms']:.1f} in all; some are inside others")
        save(figure, "performance-parts.png", "Where the time of a turn goes")
    return names


def _label(service: str) -> str:
    return "this project" if service == "own" else "stock Rasa"


def _figures(out: Path | None) -> Path:
    return out / "performance.json" if out is not None else DOCS / "performance.json"

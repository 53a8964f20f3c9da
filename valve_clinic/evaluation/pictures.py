"""Draws a report: confusion matrix, reliability, slices, learning curve; colours that colour-blind readers can tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

matplotlib.use("Agg")

from matplotlib import pyplot

from valve_clinic.evaluation.curve import Point
from valve_clinic.evaluation.figures import Share
from valve_clinic.evaluation.report import Report

# From Okabe and Ito's palette.
_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "#666666"
_CURVE_FILE = "understanding-learning-curve.png"
_STYLE = {"font.size": 11, "axes.spines.top": False, "axes.spines.right": False, "figure.dpi": 110}


def draw(report: Report, folder: Path, curve: Sequence[Point] = ()) -> list[Path]:
    """Write the pictures into `folder` and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = [_confusion(report, folder), _reliability(report, folder), _slices(report, folder)]
    if curve:
        return [*drawn, _curve(curve, folder)]
    # A picture of an earlier run would not belong to this document.
    (folder / _CURVE_FILE).unlink(missing_ok=True)
    return drawn


@contextmanager
def _figure(path: Path, width: float, height: float) -> Iterator[Any]:
    """Give axes to draw on, then write the picture; the same figures give the same bytes."""
    with pyplot.rc_context(_STYLE):
        figure, axes = pyplot.subplots(figsize=(width, height))
        try:
            yield axes
            figure.savefig(path, bbox_inches="tight", metadata={"Software": None})
        finally:
            pyplot.close(figure)


def _confusion(report: Report, folder: Path) -> Path:
    path = folder / "understanding-confusion.png"
    counts = np.array(report.confusion, dtype=float).reshape(len(report.names), len(report.names))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = max(5.0, 0.32 * len(report.names) + 3)
    with _figure(path, size, size) as axes:
        image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        ticks = range(len(report.names))
        axes.set_xticks(list(ticks))
        axes.set_xticklabels(report.names, rotation=90)
        axes.set_yticks(list(ticks))
        axes.set_yticklabels(report.names)
        for row, column in np.argwhere(counts > 0):
            colour = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, f"{counts[row, column]:.0f}", ha="center", va="center", color=colour, fontsize=9)
        axes.set_xlabel("first intent of the ranking")
        axes.set_ylabel("label")
        axes.set_title(f"Confusion, {report.messages} messages of {report.origin.data}")
        bar = axes.figure.colorbar(image, ax=axes, fraction=0.03, pad=0.02)
        bar.set_label("share of the label's messages")
    return path


def _reliability(report: Report, folder: Path) -> Path:
    path = folder / "understanding-reliability.png"
    filled = [item for item in report.bins if item.right.count]
    with _figure(path, 6.5, 6) as axes:
        axes.plot([0, 1], [0, 1], "--", color=_GREY, label="confidence keeps its word")
        confidences = [item.confidence for item in filled]
        values, gaps = _with_intervals([item.right for item in filled])
        axes.errorbar(confidences, values, yerr=gaps, fmt="o-", color=_BLUE, capsize=4, label="right, 95 % interval")
        for item in filled:
            axes.annotate(
                str(item.right.count),
                (item.confidence, item.right.value),
                xytext=(7, -12),
                textcoords="offset points",
                color=_ORANGE,
            )
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("mean confidence of the bin")
        axes.set_ylabel("share with the right intent first")
        axes.set_title(
            f"Reliability: calibration error {report.calibration_error:.3f}\n(orange: number of messages)", fontsize=12
        )
        axes.legend(loc="lower right", frameon=False)
    return path


def _slices(report: Report, folder: Path) -> Path:
    path = folder / "understanding-slices.png"
    shares = {name: share for name, share in report.slices.items() if share.count}
    whole = report.measures[0].share
    with _figure(path, 8, 0.42 * len(shares) + 1.8) as axes:
        places = list(range(len(shares)))[::-1]
        values, gaps = _with_intervals(list(shares.values()))
        axes.errorbar(values, places, xerr=gaps, fmt="o", color=_BLUE, capsize=4)
        if whole.value is not None:
            axes.axvline(whole.value, color=_ORANGE, linestyle="--", label=f"all in scope: {whole.value:.2f}")
            axes.legend(loc="lower left", frameon=False, bbox_to_anchor=(0, 1))
        axes.set_yticks(places)
        axes.set_yticklabels([f"{name.replace('_', ' ')} ({share.count})" for name, share in shares.items()])
        axes.set_xlim(min([0.5, *(share.interval[0] for share in shares.values())]), 1.01)
        axes.set_ylim(-0.6, len(shares) - 0.4)
        axes.grid(axis="x", color="#dddddd")
        axes.set_xlabel("share with the right intent first, 95 % interval (number of in-scope messages)")
    return path


def _curve(curve: Sequence[Point], folder: Path) -> Path:
    path = folder / _CURVE_FILE
    with _figure(path, 7, 5) as axes:
        sizes = [point.training for point in curve]
        values, gaps = _with_intervals([point.right for point in curve])
        axes.errorbar(sizes, values, yerr=gaps, fmt="o-", color=_BLUE, capsize=4)
        axes.set_xscale("log", base=2)
        axes.set_xticks(sizes)
        axes.set_xticklabels([str(size) for size in sizes])
        axes.minorticks_off()
        axes.grid(axis="y", color="#dddddd")
        axes.set_xlabel("training messages")
        axes.set_ylabel("in scope: right intent first, 95 % interval")
        axes.set_title("Learning curve", fontsize=12)
    return path


def _with_intervals(shares: Sequence[Share]) -> tuple[list[float], np.ndarray]:
    """Return the values and the distances down and up to their intervals' ends."""
    values = [share.value or 0.0 for share in shares]
    gaps = [
        (max(value - share.interval[0], 0.0), max(share.interval[1] - value, 0.0))
        for value, share in zip(values, shares, strict=True)
    ]
    return values, np.array(gaps, dtype=float).reshape(-1, 2).T

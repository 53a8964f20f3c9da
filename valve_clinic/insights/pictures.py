"""Draws the report's pictures as SVG; colours that colour-blind readers can tell, and that print in grey."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from valve_clinic.insights import counting, words
from valve_clinic.insights.figures import Figures
from valve_clinic.insights.local_time import WEEKDAYS

# From Okabe and Ito's palette; each fill has a hatch of its own beside its colour where several lie together.
_BLUE, _ORANGE, _GREY, _LIGHT = "#0072B2", "#D55E00", "#555555", "#9ecae1"
_STYLE = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "valve-clinic",
    "hatch.linewidth": 0.6,
}
#: Topics shown in the picture; the table has all.
MOST_TOPICS = 15


def draw(draw_on: Callable[[Any], None], width: float, height: float) -> str:
    """Return a picture as the address of an image (`data:`); the same figures give the same bytes."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width, height))
        draw_on(figure.subplots())
        written = io.BytesIO()
        figure.savefig(written, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + base64.b64encode(written.getvalue()).decode("ascii")


def trend(figures: Figures) -> str:
    """Draw how many conversations there were, and how many were answered in chat and handed off."""
    spans = figures.spans
    labels = [f"{span.first:%b} {span.first.day}" for span in spans]  # of a week: its first day

    def on(axes: Any) -> None:
        places = np.arange(len(spans))
        engaged = [span.number("engaged") for span in spans]
        answered = [span.number("outcome", counting.ANSWERED) for span in spans]
        handed = [span.number("outcome", counting.HANDED_OFF) for span in spans]
        axes.bar(places, engaged, color="#dddddd", label="engaged", width=0.8)
        axes.plot(places, answered, "o-", color=_BLUE, label="answered in chat", markersize=4)
        axes.plot(places, handed, "s--", color=_ORANGE, label="handed off", markersize=4)
        step = -(-len(spans) // 10)
        axes.set_xticks(places[::step])
        axes.set_xticklabels(labels[::step])
        axes.set_ylabel("conversations")
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(frameon=False, ncol=3, loc="lower left", bbox_to_anchor=(0, 1))

    return draw(on, 8, 3)


def bars(counts: Mapping[str, int], names: Callable[[str], str], unit: str) -> str:
    """Draw counts as bars that lie, the largest on top, each with its number."""
    shown = list(counts.items())[:MOST_TOPICS]

    def on(axes: Any) -> None:
        places = np.arange(len(shown))[::-1]
        axes.barh(places, [number for _, number in shown], color=_BLUE, height=0.7)
        for place, (_, number) in zip(places, shown, strict=True):
            axes.annotate(f"{number:,}", (number, place), xytext=(4, 0), textcoords="offset points", va="center")
        axes.set_yticks(places)
        axes.set_yticklabels([names(key) for key, _ in shown])
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel(unit)
        axes.margins(x=0.1)

    return draw(on, 6, 0.32 * len(shown) + 0.8)


def week(counts: Mapping[str, int], unit: str) -> str:
    """Draw counts by weekday and hour; the numbers stand in the table beside."""
    grid = np.array([[counts.get(f"{day}-{hour:02}", 0) for hour in range(24)] for day in WEEKDAYS], dtype=float)

    def on(axes: Any) -> None:
        image = axes.imshow(grid, cmap="Blues", vmin=0, vmax=max(1.0, float(grid.max())), aspect="auto")
        axes.set_yticks(range(7))
        axes.set_yticklabels([words.WEEKDAY[day] for day in WEEKDAYS])
        axes.set_xticks(range(0, 24, 3))
        axes.set_xticklabels([f"{hour:02}:00" for hour in range(0, 24, 3)])
        for side in axes.spines.values():
            side.set_visible(False)
        bar = axes.figure.colorbar(image, ax=axes, fraction=0.03, pad=0.02)
        bar.locator = MaxNLocator(integer=True)
        bar.update_ticks()
        bar.set_label(unit)

    return draw(on, 8, 2.8)


def response_times(figures: Figures) -> str:
    """Draw how many answers took how long."""
    bins = [str(end) for end in counting.BINS] + [counting.OPEN_BIN]
    numbers = [figures.all.number("response", name) for name in bins]

    def on(axes: Any) -> None:
        axes.bar(range(len(bins)), numbers, color=_LIGHT, edgecolor=_GREY, width=0.95)
        axes.set_xticks(range(len(bins)))
        axes.set_xticklabels([_seconds(name) for name in bins], fontsize=9)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("answered within, seconds")
        axes.set_ylabel("answers")

    return draw(on, 8, 2.6)


def peak(counts: Mapping[str, int]) -> Sequence[str]:
    """Return the three fullest hours of the week as words."""
    return [f"{words.slot(slot)} ({number:,})" for slot, number in list(counts.items())[:3]]


def end_of(name: str) -> str:
    """Return a bin of response times as words."""
    if name == counting.OPEN_BIN:
        return "longer"
    return f"{name} ms" if int(name) < 1000 else f"{int(name) / 1000:g} s"


def _seconds(name: str) -> str:
    return "longer" if name == counting.OPEN_BIN else f"{int(name) / 1000:g}"

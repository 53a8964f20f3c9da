"""One evaluation as a whole: figures and where they come from, also as JSON without any message."""

from __future__ import annotations

import datetime
import hashlib
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from valve_clinic import paths
from valve_clinic.evaluation import figures, intents, reliability
from valve_clinic.evaluation.figures import Measure, Share
from valve_clinic.evaluation.intents import IntentFigures, Pair
from valve_clinic.evaluation.messages import LabelledMessage
from valve_clinic.evaluation.predictions import Prediction
from valve_clinic.evaluation.reliability import Bin

_PACKAGES = ("valve-clinic", "rasa", "spacy", "scikit-learn", "onnxruntime", "tokenizers", "numpy")


@dataclass(frozen=True)
class Origin:
    """What made the figures."""

    #: The command as it was given.
    command: str
    #: The file of messages, from the project's folder where it is inside.
    data: str
    data_sha256: str
    #: Whether the messages are the project's own held-out ones.
    own_data: bool
    #: How many of the messages stand in the training data too, but for case and punctuation.
    in_training: int
    model: str
    model_bytes: int
    date: str
    cores: int
    machine: str
    #: Processes that wanted a core in the last minute; parse times mean little when they exceed the cores.
    load: float
    versions: dict[str, str]


@dataclass(frozen=True)
class Report:
    """All figures of one evaluation."""

    origin: Origin
    messages: int
    measures: list[Measure]
    slices: dict[str, Share]
    intents: dict[str, IntentFigures]
    pairs: list[Pair]
    names: list[str]
    confusion: list[list[int]]
    bins: list[Bin]
    calibration_error: float
    median_ms: float
    p95_ms: float


def shown_path(path: Path) -> str:
    """Return a path from the project's folder; of a file elsewhere the name only."""
    resolved = path.resolve()
    return str(resolved.relative_to(paths.ROOT)) if resolved.is_relative_to(paths.ROOT) else resolved.name


def make_origin(command: str, data: Path, messages: Sequence[LabelledMessage], model: Path, own_data: bool) -> Origin:
    """Return the origin of an evaluation on this machine, today."""
    return Origin(
        command=command,
        data=shown_path(data),
        data_sha256=hashlib.sha256(data.read_bytes()).hexdigest(),
        own_data=own_data,
        in_training=sum(message.in_training for message in messages),
        model=model.name,
        model_bytes=model.stat().st_size,
        date=datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat(),
        cores=_cores(),
        machine=f"{platform.system()} {platform.machine()}",
        load=round(os.getloadavg()[0], 1),
        versions={"python": platform.python_version(), **{name: metadata.version(name) for name in _PACKAGES}},
    )


def make(predictions: Sequence[Prediction], origin: Origin, more: Sequence[Measure] = ()) -> Report:
    """Return all figures of the predictions, with `more` that were measured in another way."""
    names, confusion = intents.confusion(predictions)
    found = reliability.bins(predictions)
    milliseconds = [p.seconds * 1000 for p in predictions]
    return Report(
        origin=origin,
        messages=len(predictions),
        measures=[*figures.measures(predictions), *more],
        slices=figures.by_slice(predictions),
        intents=intents.by_intent(predictions),
        pairs=intents.confused_pairs(predictions),
        names=names,
        confusion=confusion,
        bins=found,
        calibration_error=reliability.calibration_error(found),
        median_ms=figures.percentile(milliseconds, 50),
        p95_ms=figures.percentile(milliseconds, 95),
    )


def to_json(report: Report) -> dict[str, Any]:
    """Return the figures as plain values; no message is among them."""
    return {
        "origin": vars(report.origin),
        "messages": report.messages,
        "measures": {m.key: {"title": m.title, **_share(m.share)} for m in report.measures},
        "slices": {name: _share(share) for name, share in report.slices.items()},
        "intents": {name: _intent(item) for name, item in report.intents.items()},
        "pairs": [vars(pair) for pair in report.pairs],
        "bins": [
            {"low": item.low, "high": item.high, "confidence": item.confidence, **_share(item.right)}
            for item in report.bins
        ],
        "calibration_error": report.calibration_error,
        "parse_ms": {"median": report.median_ms, "p95": report.p95_ms},
    }


def _share(share: Share) -> dict[str, Any]:
    return {"hits": share.hits, "count": share.count, "value": share.value, "interval": list(share.interval)}


def _intent(item: IntentFigures) -> dict[str, Any]:
    return {
        "support": item.support,
        "right": item.right,
        "precision": item.precision,
        "recall": item.recall,
        "f1": item.f1,
        "confused": dict(item.confused),
    }


def _cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

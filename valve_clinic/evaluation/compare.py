"""What moved between two evaluations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from valve_clinic.evaluation.document import number, table


class CompareError(Exception):
    """The older evaluation cannot be read; the message says why."""


def read(path: Path) -> dict[str, Any]:
    """Return an evaluation as it was written; raises `CompareError`."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CompareError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise CompareError(f"{path}: not JSON: {error}") from None
    if not isinstance(found, dict) or not {"origin", "intents", "measures"} <= found.keys():
        raise CompareError(f"{path}: not an evaluation; take a var/evaluation.json")
    return found


def moved(old: dict[str, Any], new: dict[str, Any]) -> str:
    """Return the tables of the measures and of the intents whose precision or recall changed, worst change first."""
    parts = [f"From `{old['origin']['model']}` ({old['origin']['date']}) to `{new['origin']['model']}`."]
    if old["origin"]["data_sha256"] != new["origin"]["data_sha256"]:
        parts.append("The messages are not the same: differences may come from them and not from the model.")
    parts.append(table(["measure", "before", "now", "change"], _measures(old["measures"], new["measures"])))
    rows = _intents(old["intents"], new["intents"])
    if not rows:
        return "\n\n".join([*parts, "No intent moved."])
    head = ["intent", "support", "recall before", "now", "precision before", "now", "F1 before", "now", "F1 change"]
    return "\n\n".join([*parts, f"{len(rows)} intents moved:", table(head, rows)])


def _measures(old: dict[str, Any], new: dict[str, Any]) -> list[list[str]]:
    rows = []
    for key, item in new.items():
        before = old.get(key, {}).get("value")
        rows.append([item["title"], _exact(before), _exact(item["value"]), _change(before, item["value"])])
    return rows


def _intents(old: dict[str, Any], new: dict[str, Any]) -> list[list[str]]:
    rows: list[tuple[float, list[str]]] = []
    nothing = {"support": 0, "recall": None, "precision": None, "f1": None}
    for name in sorted(old.keys() | new.keys()):
        before, now = old.get(name, nothing), new.get(name, nothing)
        if all(before[key] == now[key] for key in ("recall", "precision")):
            continue
        cells = [f"`{name}`", str(now["support"])]
        for key in ("recall", "precision", "f1"):
            cells += [number(before[key]), number(now[key])]
        difference = (now["f1"] or 0.0) - (before["f1"] or 0.0)
        rows.append((difference, [*cells, _change(before["f1"], now["f1"])]))
    return [cells for _, cells in sorted(rows, key=lambda row: row[0])]


def _exact(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _change(before: float | None, now: float | None) -> str:
    return "–" if before is None or now is None else f"{now - before:+.3f}"

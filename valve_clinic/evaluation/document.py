"""Writes a report as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from valve_clinic.evaluation import thresholds
from valve_clinic.evaluation.curve import Point
from valve_clinic.evaluation.figures import Share
from valve_clinic.evaluation.report import Report

#: Pairs beyond this are left out of the document; `var/evaluation.json` has all of them.
_MAX_PAIRS = 25
_MAX_CONFUSED = 3

_OWN_MESSAGES = """\
The messages are the project's own: **invented**, not typed by patients, and written apart from the training data.
Figures on invented messages tell whether a change helps or harms; they do not tell how well real people are understood.
Whoever has messages of real people can run `make evaluate DATA=file`; such figures are **external**: they come from
data that is not part of this project, and are not in this document."""

_OTHER_MESSAGES = """\
The messages are not the project's own held-out ones: quote these figures as **external**, with the source of the data.
`docs/understanding.md` is left as it was."""

_HOW_TO_READ = """\
*First* is the first intent of the ranking, whether the chat then answers or, below its threshold (`nlu_fallback`), asks
back. An intent that a message lists under `also` counts as right. Intervals are Wilson score intervals of 95 %: they
say how far chance in the choice of messages goes, not how far these messages are from real ones."""

_GAPS = """\
## What is not measured / gaps

- **Real people.** The project's own messages are invented. How their words differ from patients' words is not known
  from them, nor how often each kind of question is asked: the share of each intent here is the authors' choice.
- **Slices are labelled by hand** and overlap: a message with typos is often in lower case too. A small slice has a wide
  interval. Non-native English and Southern idiom are imitations.
- **Answers.** This is about understanding alone. Whether the answer's text helps is not measured here.
- **Context.** Follow-ups and messages with two questions are measured in whole conversations with the bot
  (`tests/nlu/follow_ups.yml`, `tests/nlu/two_questions.yml`); all other figures are of messages parsed alone. Both
  files were looked at while the splitting was written: development figures. Those of the examination
  (`tests/nlu/exam_follow_ups.yml`, `tests/nlu/exam_two_questions.yml`) were not.
- **Offered topics.** "Among the buttons" takes those that the chat offers when it asks back: at most three, none
  without an answer text, none that is much less likely than the best. A greeting has no button.
- **Follow-ups.** Where a decision is declined first and then answered in general, the general answer is counted.
- **Cleaning.** Messages are parsed as they stand in the file; the website's channel cleans them first.
- **Danger.** Emergencies and crises are intents like others here. What it costs to miss one is not weighed.
- **Repeats.** One training, one run. How figures vary between trainings with other seeds is not measured.
- **Parse time** is that of one message after the other on a machine that may have had other work; many people at once
  are not measured."""


def write(
    report: Report, curve: Sequence[Point] = (), pictures: bool = True, choices: Sequence[thresholds.Choice] = ()
) -> str:
    """Return the document; `pictures` says whether to show those beside it."""
    parts = ["# Understanding", _head(report), _HOW_TO_READ, "## Summary", summary(report)]
    parts += ["## By slice", "In scope, right intent first; the lowest share stands first.", slices_table(report)]
    if pictures:
        parts.append("![Accuracy by slice with 95 % intervals](images/understanding-slices.png)")
    parts += ["## Most confused pairs", "Where the next examples are needed most.", pairs_table(report)]
    if pictures:
        parts.append("![Confusion matrix](images/understanding-confusion.png)")
    parts += ["## By intent", intents_table(report), "## Reliability", _reliability(report)]
    if pictures:
        parts.append("![Reliability diagram](images/understanding-reliability.png)")
    parts += _choices(choices)
    parts += _curve(curve, pictures)
    parts += ["## Origin", _origin(report), _GAPS]
    return "\n\n".join(parts) + "\n"


def summary(report: Report) -> str:
    """Return the table of the measures, parse time and size."""
    rows = [[m.title, *_share_cells(m.share)] for m in report.measures]
    rows += [
        ["expected calibration error", f"{report.calibration_error:.3f}", "", str(report.messages), ""],
        ["parse time, median", f"{report.median_ms:.1f} ms", "", str(report.messages), ""],
        ["parse time, 95th percentile", f"{report.p95_ms:.1f} ms", "", str(report.messages), ""],
        ["model archive", f"{report.origin.model_bytes / 1e6:.1f} MB", "", "", ""],
    ]
    return table(["measure", "value", "95 % interval", "messages", "hits"], rows)


def slices_table(report: Report) -> str:
    """Return accuracy by slice."""
    if not report.slices:
        return "No message of the file names a slice."
    rows = [[f"{name}", *_share_cells(share)] for name, share in report.slices.items()]
    return table(["slice", "right first", "95 % interval", "messages", "hits"], rows)


def pairs_table(report: Report) -> str:
    """Return the pairs that are confused most."""
    if not report.pairs:
        return "None."
    rows = [
        [f"`{pair.intent}`", f"`{pair.taken_for}`", str(pair.count), str(pair.asked_back)]
        for pair in report.pairs[:_MAX_PAIRS]
    ]
    shown = table(["intent", "taken for", "messages", "of these asked back"], rows)
    left = len(report.pairs) - len(rows)
    return shown + (f"\n\n{left} more pairs are in `var/evaluation.json`." if left > 0 else "")


def intents_table(report: Report) -> str:
    """Return the figures by intent."""
    rows = []
    for name, item in report.intents.items():
        confused = ", ".join(f"`{other}` {count}" for other, count in item.confused[:_MAX_CONFUSED])
        figures = [number(item.precision), number(item.recall), number(item.f1)]
        rows.append([f"`{name}`", str(item.support), *figures, confused])
    return table(["intent", "support", "precision", "recall", "F1", "confused with"], rows)


def number(value: float | None) -> str:
    """Return a share with two decimals, or a dash for none."""
    return "–" if value is None else f"{value:.2f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell or " " for cell in line) + " |" for line in lines)


def _share_cells(share: Share) -> list[str]:
    low, high = share.interval
    value = "–" if share.value is None else f"{share.value:.3f}"
    interval = "–" if share.value is None else f"{low:.2f}–{high:.2f}"
    return [value, interval, str(share.count), str(share.hits)]


def _head(report: Report) -> str:
    origin = report.origin
    lead = (
        f"Written by `{origin.command}` on {origin.date} from the {report.messages} messages of `{origin.data}` "
        f"with the model `{origin.model}`. Do not edit by hand."
    )
    known = f"Messages that stand in the training data too, but for case and punctuation: {origin.in_training}."
    if origin.in_training:
        known += " The summary has the figures without them as well; the other tables count them."
    return f"{lead}\n\n{_OWN_MESSAGES if origin.own_data else _OTHER_MESSAGES}\n\n{known}"


def _reliability(report: Report) -> str:
    rows = [
        [
            f"{item.low:.1f}–{item.high:.1f}",
            str(item.right.count),
            number(item.confidence if item.right.count else None),
            number(item.right.value),
        ]
        for item in report.bins
    ]
    lead = (
        "Confidence of the first intent against the share that is right, all messages. "
        f"Expected calibration error: {report.calibration_error:.3f}."
    )
    return lead + "\n\n" + table(["confidence", "messages", "mean confidence", "right"], rows)


def _choices(found: Sequence[thresholds.Choice]) -> list[str]:
    if not found:
        return []
    best = thresholds.best(found)
    lead = (
        "From which confidence on the chat answers; below it asks back. Counted on the training messages that no model "
        f"was fitted on. A wrong answer costs {thresholds.WRONG:g}; asking back {thresholds.ASKED_RIGHT:g} with the "
        f"right topic offered, {thresholds.ASKED_WRONG:g} without it, {thresholds.ASKED_OUTSIDE:g} out of scope. "
        f"Cheapest: {best.threshold:g}; `config.yml` has {thresholds.configured():g}."
    )
    rows = [
        [f"{c.threshold:.2f}", number(c.answered_right), number(c.answered_wrong), number(c.asked), f"{c.cost:.3f}"]
        for c in found
    ]
    return ["## Threshold", lead, table(["threshold", "answered right", "answered wrong", "asked back", "cost"], rows)]


def _curve(curve: Sequence[Point], pictures: bool) -> list[str]:
    if not curve:
        return []
    rows = [[str(point.training), *_share_cells(point.right)] for point in curve]
    lead = (
        "The same components trained again on parts of the training messages, each inside the next. Without the safety "
        "triage, but for the last row: that is the model which the rest of this document measures."
    )
    shown = ["![Learning curve](images/understanding-learning-curve.png)"] if pictures else []
    head = ["training messages", "in scope, right first", "95 % interval", "messages", "hits"]
    return ["## Learning curve", lead, table(head, rows), *shown]


def _origin(report: Report) -> str:
    origin = report.origin
    versions = ", ".join(f"{name} {version}" for name, version in origin.versions.items())
    rows = [
        ["command", f"`{origin.command}`"],
        ["data", f"`{origin.data}`, {report.messages} messages, SHA-256 {origin.data_sha256[:16]}…"],
        ["model", f"`{origin.model}`, {origin.model_bytes / 1e6:.1f} MB"],
        ["date", origin.date],
        ["machine", f"{origin.machine}, {origin.cores} cores, load average {origin.load} before the run"],
        ["versions", versions],
    ]
    return table(["what", "value"], rows)

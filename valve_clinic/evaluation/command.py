"""The command `valve-clinic evaluate`."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from valve_clinic import paths

if TYPE_CHECKING:
    from valve_clinic.evaluation.figures import Measure


@click.command()
@click.option("--data", "data_file", type=click.Path(path_type=Path), help="Other labelled messages than the held-out.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of understanding.md and images/; default: docs.")
@click.option("--model", "model_file", type=click.Path(path_type=Path), help="Another model than the present data's.")
@click.option("--compare", "old_file", type=click.Path(path_type=Path), help="An older var/evaluation.json.")
@click.option(
    "--curve",
    "with_curve",
    is_flag=True,
    help="Learning curve too: trains on parts of the data (as long as a training).",
)
def evaluate(
    data_file: Path | None, out: Path | None, model_file: Path | None, old_file: Path | None, with_curve: bool
) -> None:
    """Measure how well messages are understood and write it down with tables and pictures."""
    from valve_clinic import training, training_data
    from valve_clinic.evaluation import compare, document, messages, predictions, report, thresholds
    from valve_clinic.evaluation.curve import Point, learning_curve

    data = data_file or messages.HELD_OUT
    own_data = data.resolve() == messages.HELD_OUT.resolve()
    model = model_file or training.model_path()
    if not model.is_file():
        _fail(f"There is no model at {model}." + ("" if model_file else " Run `make train` first."))
    try:
        labelled = messages.read(data, messages.domain_intents())
        labelled = messages.mark_trained(labelled, (message.text for message in training_data.read()))
        # Before anything is written: the older evaluation may be the file that this one replaces.
        old = compare.read(old_file) if old_file else None
    except (messages.MessagesError, compare.CompareError) as error:
        _fail(str(error))
    command = _spoken(data, own_data, out, model_file, with_curve)
    origin = report.make_origin(command, data, labelled, model, own_data)
    click.echo(f"Parsing {len(labelled)} messages with {model.name} …", err=True)
    found = report.make(predictions.parse_all(model, labelled), origin, _talk(model) if own_data else ())
    choices = thresholds.choices(predictions.parse_all(model, thresholds.held_aside())) if own_data else []
    curve: list[Point] = []
    if with_curve:
        first = next(measure.share for measure in found.measures if measure.key == "first")
        curve = learning_curve(labelled, first, lambda step: click.echo(f"Learning curve: {step} …", err=True))
    plain = report.to_json(found)
    json_text = json.dumps(plain, indent=1, ensure_ascii=False) + "\n"
    paths.var_path("evaluation.json").write_text(json_text, encoding="utf-8")
    click.echo(document.summary(found))
    if own_data:
        from valve_clinic.evaluation import pictures

        folder = out or paths.ROOT / "docs"
        pictures.draw(found, folder / "images", curve)
        target = folder / "understanding.md"
        # What a later change is compared with (--compare).
        (folder / "understanding.json").write_text(json_text, encoding="utf-8")
    else:
        click.echo(f"\n{document.slices_table(found)}\n\n{document.pairs_table(found)}")
        target = (out or paths.var_path("")) / f"evaluation-{data.stem}.md"
        target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(document.write(found, curve, own_data, choices), encoding="utf-8")
    click.echo(f"\nWrote {report.shown_path(target)} and var/evaluation.json")
    if old is not None:
        click.echo(f"\n{compare.moved(old, plain)}")


def _talk(model: Path) -> list[Measure]:
    from valve_clinic.evaluation import talks

    click.echo("Talking: two questions in one message, follow-ups …", err=True)
    with talks.bot(model) as talk:
        return talks.measure(talk)


def _spoken(data: Path, own_data: bool, out: Path | None, model: Path | None, curve: bool) -> str:
    """Return the command as somebody else would type it; of files elsewhere the name only."""
    from valve_clinic.evaluation.report import shown_path

    words = ["valve-clinic", "evaluate", "--data", shown_path(data)]
    words += ["--out", shown_path(out)] if out and own_data else []
    words += ["--model", shown_path(model)] if model else []
    words += ["--curve"] if curve else []
    return shlex.join(words)


def _fail(reason: str) -> NoReturn:
    click.echo(reason, err=True)
    sys.exit(1)

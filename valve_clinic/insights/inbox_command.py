"""`valve-clinic inbox …`: looks at what the chat did not serve well, and makes training messages of it."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from valve_clinic.insights.command import encoding, opened

if TYPE_CHECKING:
    from valve_clinic.insights.inbox import Inbox, Item

_STATES = ("open", "assigned", "dismissed", "exported", "all")
_REASONS = ("clarified", "missed", "unanswered", "unhelpful", "unsure")
_BY = click.option("--by", help="Who decides; kept beside the decision.")


@click.group()
def inbox() -> None:
    """Look at messages that were not served well: assign, note, dismiss, export."""


@inbox.command("list")
@click.option("--status", type=click.Choice(_STATES), default="open", show_default=True)
@click.option("--reason", type=click.Choice(_REASONS), help="Only messages that are here for this.")
def list_items(status: str, reason: str | None) -> None:
    """List the messages, those that say much the same together; run `insights update` before it."""
    from valve_clinic.insights.inbox import MOST, grouped

    with _inbox() as box, encoding() as encode:
        _rank(box)
        items = box.items(None if status == "all" else status, reason)
        groups = grouped(items, encode)
    for number, group in enumerate(groups, 1):
        if len(group) > 1:
            click.echo(f"-- {number}: {len(group)} messages that are alike")
        times = Counter(item.text for item in group)
        for text, item in {item.text: item for item in reversed(group)}.items():
            click.echo(_line(item, times[text]))
    click.echo(f"{len(items)} messages" + (f"; only the newest {MOST} are shown" if len(items) == MOST else ""))


@inbox.command("show")
@click.argument("number", type=int)
def show(number: int) -> None:
    """Show one message with all that is known of it."""
    with _inbox() as box:
        _rank(box)
        _show(box.item(number))


@inbox.command("assign")
@click.argument("number", type=int)
@click.argument("intent")
@click.option("--as", "wording", help="Other words for the same, without what only this patient would say.")
@_BY
def assign(number: int, intent: str, wording: str | None, by: str | None) -> None:
    """Say that the message NUMBER means INTENT."""
    with _inbox() as box:
        _show(box.assign(number, intent, wording, by))


@inbox.command("note")
@click.argument("number", type=int)
@click.argument("text")
@_BY
def note(number: int, text: str, by: str | None) -> None:
    """Write TEXT beside the message NUMBER; it is masked as messages are."""
    with _inbox() as box:
        _show(box.note(number, text, by))


@inbox.command("dismiss")
@click.argument("number", type=int)
@_BY
def dismiss(number: int, by: str | None) -> None:
    """Say that nothing is to be learnt from the message NUMBER."""
    with _inbox() as box:
        _show(box.dismiss(number, by))


@inbox.command("reopen")
@click.argument("number", type=int)
@_BY
def reopen(number: int, by: str | None) -> None:
    """Take back what was decided on the message NUMBER."""
    with _inbox() as box:
        _show(box.reopen(number, by))


@inbox.command("export")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder such as data/nlu, or a new *.yml.")
@_BY
def export(out: Path, by: str | None) -> None:
    """Write the assigned messages as training examples; personal data and doubles are refused."""
    from valve_clinic import training_data
    from valve_clinic.insights import export as exporting

    with _inbox() as box:
        done = exporting.export(box.items("assigned"), out, training_data.read())
        box.mark_exported(done.items, by)
    for path in done.files:
        click.echo(str(path))
    click.echo(f"{len(done.items)} examples written")
    for refused in done.refused:
        click.echo(str(refused), err=True)
    if done.refused:
        sys.exit(1)


@contextlib.contextmanager
def _inbox() -> Iterator[Inbox]:
    from valve_clinic.insights.inbox import Inbox, InboxError

    with opened() as engine:
        try:
            yield Inbox(engine)
        except InboxError as error:
            raise click.ClickException(str(error)) from None


def _rank(box: Inbox) -> None:
    """Ask the model for the likeliest intents of new messages, where there is a model."""
    from valve_clinic import training

    model = training.model_path()
    if not box.needs_ranking() or not model.is_file():
        return
    from valve_clinic.evaluation.predictions import parser

    with parser(model) as parse:
        box.rank(parse)


def _line(item: Item, times: int) -> str:
    meant = f"  → {item.assigned}" if item.assigned else ""
    often = f" ({times} times)" if times > 1 else ""
    return f"{item.id:>6}  {item.at:%Y-%m-%d}  {','.join(item.reasons)}: {item.text}{often}\n{_options(item)}{meant}"


def _options(item: Item) -> str:
    if item.options is None:
        return "        likeliest: unknown (there is no trained model)"
    return "        likeliest: " + ", ".join(f"{name} {value:.2f}" for name, value in item.options)


def _show(item: Item) -> None:
    values: dict[str, Any] = {
        "item": item.id,
        "at": f"{item.at:%Y-%m-%d %H:%M} UTC",
        "message": item.text,
        "here because": ", ".join(item.reasons),
        "taken for": item.intent,
        "likeliest": ", ".join(f"{name} {value:.2f}" for name, value in item.options or ()) or None,
        "status": item.status,
        "assigned": item.assigned,
        "other words": item.wording,
        "note": item.note,
        "changed by": item.changed_by,
    }
    for name, value in values.items():
        if value is not None:
            click.echo(f"{name + ':':<14}{value}")

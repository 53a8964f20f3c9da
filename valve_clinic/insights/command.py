"""`valve-clinic insights …`: counts, and writes the report."""

from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

#: Seconds that PostgreSQL may take for one statement of these commands: nobody waits in a chat for them.
STATEMENT_SECONDS = 60.0
#: Where Linux is told which process to end first when there is no memory left (0 to 1000).
MEMORY_SCORE = Path("/proc/self/oom_score_adj")


@click.group()
def insights() -> None:
    """Count what the chat did, and write the report for a manager."""


@insights.command("update")
def update() -> None:
    """Count what is new and fill the review inbox; again changes nothing. Run it daily."""
    from valve_clinic.insights import update as updating

    clinic = _content().clinic
    with opened() as engine:
        done = updating.update(engine, clinic)
    click.echo(
        f"{done.seen} conversations looked at, {done.changed} counted anew, {done.items} new messages in the inbox"
    )


@insights.command("report")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="First day; by default 30 days are shown.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="Last day; by default today in the clinic.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File; by default standard output.")
@click.option("--format", "form", type=click.Choice(["html", "csv", "json"]), default="html", show_default=True)
def report(first: datetime.datetime | None, last: datetime.datetime | None, out: Path | None, form: str) -> None:
    """Write the report of a period; run `insights update` before it."""
    from valve_clinic.clock import utc_now
    from valve_clinic.insights import page
    from valve_clinic.insights import report as reports

    content, now = _content(), utc_now()
    days = _days(content, first, last)
    with opened() as engine, encoding() as encode:
        made = reports.make(engine, content, days, now, encode if form != "csv" else None)
    text = {"html": page.render, "csv": reports.as_csv, "json": reports.as_json}[form](made)
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {error.strerror}") from None
    click.echo(f"{out}: {made.figures.all.label}, {made.figures.all.number('conversations')} conversations")


@insights.command("refresh")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="First day; by default 30 days are shown.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="Last day; by default today in the clinic.")
def refresh(first: datetime.datetime | None, last: datetime.datetime | None) -> None:
    """Make what the console shows: update the counts and the inbox, write the report and keep it for a day.

    It gives way to whoever else wants the processor: the server starts it, too.
    """
    from valve_clinic import lean_start

    os.nice(10)
    with contextlib.suppress(OSError):  # where memory runs out, this ends and not the server
        MEMORY_SCORE.write_text("1000", encoding="ascii")
    lean_start.install()  # the model is asked, not trained
    from valve_clinic.insights import refresh as refreshing

    content = _content()
    days = _days(content, first, last)
    with opened() as engine, encoding() as encode:
        done = refreshing.refresh(engine, content, days, encode, _parser if encode is not None else None)
    click.echo("the console's report is made" if done else "another process is making the console's report")


@contextlib.contextmanager
def opened() -> Iterator[Any]:
    """Give the engine of the conversations with the tables of this room; says in one sentence why there is none."""
    from sqlalchemy.exc import SQLAlchemyError

    from valve_clinic.database import make_engine
    from valve_clinic.insights.models import prepare
    from valve_clinic.schema_version import NewerDatabaseError
    from valve_clinic.storage.schema import database_url

    engine = make_engine(database_url(), STATEMENT_SECONDS)
    try:
        yield prepare(engine)
    except NewerDatabaseError as error:
        raise click.ClickException(str(error)) from None
    except SQLAlchemyError as error:
        # An error of a database quotes the row: its kind is shown, its words are not.
        raise click.ClickException(
            f"the database of the conversations cannot be used ({type(error).__name__}); see WEBSITE_DATABASE_URL"
        ) from None
    finally:
        engine.dispose()


@contextlib.contextmanager
def encoding() -> Iterator[Any]:
    """Give the function that makes vectors, or None where there is no trained model or it cannot be read."""
    import tarfile

    from valve_clinic import training
    from valve_clinic.insights import themes
    from valve_clinic.nlu.encoder import EncoderError

    model, encode = training.model_path(), None
    with contextlib.ExitStack() as stack:
        if model.is_file():
            try:
                encode = stack.enter_context(themes.encoder(model))
            except (EncoderError, OSError, tarfile.TarError) as error:
                click.echo(f"messages are not put together: {model.name} cannot be read ({error})", err=True)
        yield encode


def _days(content: Any, first: datetime.datetime | None, last: datetime.datetime | None) -> Any:
    """Return the first and the last day of the period; says what is wrong with it."""
    from valve_clinic.clock import utc_now
    from valve_clinic.insights import report as reports
    from valve_clinic.insights.local_time import LocalTime

    try:
        time = LocalTime.of(content.clinic)
        return reports.period(time, utc_now(), first.date() if first else None, last.date() if last else None)
    except reports.PeriodError as error:
        raise click.ClickException(str(error)) from None


def _parser() -> Any:
    from valve_clinic import training
    from valve_clinic.evaluation.predictions import parser

    return parser(training.model_path())


def _content() -> Any:
    """Return the checked content; ends with the problems where there are some."""
    from valve_clinic.content.loader import load_files
    from valve_clinic.content.problems import ContentError
    from valve_clinic.problems import refuse

    try:
        return load_files()
    except ContentError as error:
        refuse(error.problems, "Nothing was counted or written.")

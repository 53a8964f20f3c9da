"""`valve-clinic handoff …`: checks the words of a hand-off, and says what a patient is told of the hours."""

from __future__ import annotations

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import click

from valve_clinic.problems import refuse


@click.group()
def handoff() -> None:
    """Check the words of a hand-off, and try the hours."""


@handoff.command("check")
def check() -> None:
    """Check texts.yml and its translations: their shape, and what is filled in where."""
    from valve_clinic.content.problems import ContentError
    from valve_clinic.content.schema import ENGLISH, TRANSLATIONS
    from valve_clinic.handoff import texts

    try:
        for language in (ENGLISH, *TRANSLATIONS):
            texts.read(language)
    except ContentError as error:
        refuse(error.problems)
    click.echo("the words of a hand-off: nothing wrong")


@handoff.command("hours")
@click.option(
    "--at",
    type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]),
    help='The moment by the clinic\'s clock, such as "2026-12-24 15:50"; by default now.',
)
def hours(at: datetime | None) -> None:
    """Say what a patient is told of the line's hours, by content/clinic.yml."""
    from valve_clinic.content.loader import load_clinic
    from valve_clinic.content.problems import ContentError
    from valve_clinic.handoff.sentences import about_hours

    try:
        clinic = load_clinic()
    except ContentError as error:
        refuse(error.problems)
        return
    moment = at.replace(tzinfo=ZoneInfo(clinic.time_zone)) if at else datetime.now(timezone.utc)
    said, state = about_hours(clinic, moment)
    click.echo(f"{said}\n({state})")

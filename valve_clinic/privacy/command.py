"""`valve-clinic privacy …`: checks and measures the masking; purges, forgets and exports what is kept."""

from __future__ import annotations

import sys
from typing import Any

import click

from valve_clinic.problems import refuse


@click.group()
def privacy() -> None:
    """Mask, purge, forget and export what patients typed."""


@privacy.command("check")
def check() -> None:
    """Try every example of the patterns and of the cues for names."""
    from valve_clinic.privacy import check as checks
    from valve_clinic.privacy import rules

    refuse(checks.check())
    click.echo(f"{len(rules.read_kinds())} kinds of numbers and the names: nothing wrong")


@privacy.command("mask")
@click.argument("text")
def mask_text(text: str) -> None:
    """Print TEXT as it would be kept."""
    from valve_clinic.channel.text import clean
    from valve_clinic.privacy import masker

    click.echo(masker.mask(clean(text)))


@privacy.command("measure")
@click.option("--misses", is_flag=True, help="Print what was missed or damaged, too; not of the examination.")
def measure(misses: bool) -> None:
    """Measure the masking on tests/privacy/ against the gates; fails when one is not reached."""
    from valve_clinic.privacy import measure as measuring

    passed = True
    for name in measuring.SETS:
        sentences = measuring.read(name)
        figures = measuring.recall(sentences)
        gates = (
            ("numbers and e-mail", measuring.together(figures, measuring.NUMBERS), measuring.RECALL_NUMBERS),
            ("names", measuring.together(figures, ("name",)), measuring.RECALL_NAMES),
        )
        click.echo(f"{name}: {len(sentences)} sentences")
        for what, result, gate in gates:
            reached = result.share >= gate
            passed = passed and reached
            click.echo(
                f"  {'ok  ' if reached else 'MISS'}  {what}: {result.found} of {result.all} ({result.share:.3f}, "
                f"gate {gate})"
            )
        for kind, result in figures.items():
            click.echo(f"        {kind}: {result.found} of {result.all}")
            for text in result.missed if misses and name != "exam" else ():
                click.echo(f"          {text}")
    texts = measuring.harmless()
    changed = measuring.damaged(texts)
    reached = len(changed) <= measuring.MOST_DAMAGED * len(texts)
    click.echo(f"{'ok  ' if reached else 'MISS'}  medical messages changed: {len(changed)} of {len(texts)}")
    for text in changed if misses else ():
        click.echo(f"          {text}")
    click.echo(f"median time of a message: {measuring.milliseconds(texts):.2f} ms")
    if not (passed and reached):
        sys.exit(1)


@privacy.command("purge")
@click.option("--older-than", "older_than", type=click.IntRange(min=0), help="Days; by default RETENTION_DAYS.")
def purge(older_than: int | None) -> None:
    """Delete what is older than RETENTION_DAYS, and make sure that its bytes are gone."""
    from valve_clinic.privacy import retention
    from valve_clinic.settings import SettingError

    try:
        done = retention.purge(retention.days() if older_than is None else older_than)
    except (retention.RetentionError, SettingError) as error:
        raise click.ClickException(str(error)) from None
    _say(done)


@privacy.command("forget")
@click.argument("code")
def forget(code: str) -> None:
    """Delete the conversation CODE: its reference code, its id, or the session token of the visitor's browser."""
    from valve_clinic.privacy import retention

    try:
        done = retention.forget(_conversation_of(code))
    except retention.RetentionError as error:
        raise click.ClickException(str(error)) from None
    _say(done)


@privacy.command("export")
@click.argument("code")
def export(code: str) -> None:
    """Print everything that is kept of the conversation CODE as JSON."""
    import json

    from valve_clinic.privacy import retention

    try:
        found = retention.export(_conversation_of(code))
    except retention.RetentionError as error:
        raise click.ClickException(str(error)) from None
    click.echo(json.dumps(found, indent=2, ensure_ascii=False, default=str))


def _say(done: list[Any]) -> None:
    for deleted in done:
        click.echo(f"{deleted.table}: {deleted.rows} rows deleted")


def _conversation_of(code: str) -> str:
    """Return the conversation's id of a code: the id itself, a reference code, or a session token."""
    from valve_clinic.channel import references
    from valve_clinic.channel.secret import SecretError, Tokens, load_secret

    code = code.strip()
    if references.read(code) is not None:
        return _conversation_of_reference(code)
    if "." not in code:
        return code
    try:
        conversation = Tokens(load_secret()).read(code)
    except (SecretError, OSError) as error:
        raise click.ClickException(f"the session token cannot be read: {error}") from None
    if conversation is None:
        raise click.ClickException("this session token was not made by this server")
    return conversation


def _conversation_of_reference(code: str) -> str:
    from sqlalchemy.exc import SQLAlchemyError

    from valve_clinic.channel.store import open_store
    from valve_clinic.schema_version import NewerDatabaseError
    from valve_clinic.storage.schema import database_url

    try:
        store = open_store(database_url())
        try:
            found = store.references.find(code)
        finally:
            store.close()
    except (SQLAlchemyError, NewerDatabaseError) as error:
        raise click.ClickException(f"the code cannot be looked up ({type(error).__name__})") from None
    if found is None:
        raise click.ClickException("there is no such code, or it has ended: a code works for 24 hours")
    return found.session

"""`valve-clinic agents …`: who may log in to the console."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from valve_clinic.console.roles import ROLES, AccountError

if TYPE_CHECKING:
    from valve_clinic.console.store import ConsoleStore


@click.group()
def agents() -> None:
    """Add, disable and list the accounts of the console."""


@agents.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="agent", show_default=True, help="What the account may see.")
def add_account(name: str, role: str) -> None:
    """Add the account NAME; the password is asked for, or read from a pipe's first line."""
    password = click.prompt("Password", hide_input=True, confirmation_prompt=True) if sys.stdin.isatty() else _piped()
    with _open() as store:
        try:
            store.add_account(name, role, password)
        except AccountError as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"{name.strip().lower()} may log in as {role}")


@agents.command("disable")
@click.argument("name")
def disable_account(name: str) -> None:
    """Shut the account NAME and end its sessions at once."""
    with _open() as store:
        try:
            store.disable_account(name)
        except AccountError as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"{name.strip().lower()} may not log in any more")


@agents.command("list")
def list_accounts() -> None:
    """Print all accounts: name, role, and whether they may log in."""
    with _open() as store:
        for account in store.accounts():
            click.echo(f"{account.name}\t{account.role}\t{'enabled' if account.enabled else 'disabled'}")


def _piped() -> str:
    return sys.stdin.readline().rstrip("\r\n")


@contextmanager
def _open() -> Iterator[ConsoleStore]:
    from valve_clinic.console.store import ConsoleStore
    from valve_clinic.database import make_engine
    from valve_clinic.storage.schema import database_url

    engine = make_engine(database_url())
    try:
        yield ConsoleStore(engine)
    finally:
        engine.dispose()

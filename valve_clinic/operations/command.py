"""`valve-clinic check`, `backup` and `restore`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from valve_clinic.problems import refuse


@click.command()
def check() -> None:
    """Say what must be mended before the server may start; takes no longer than a moment."""
    from valve_clinic.operations import check as checks

    refuse(checks.run())
    click.echo(f"{len(checks.checks())} checks: nothing wrong")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--with-secret", is_flag=True, help="The key that signs sessions too: keep such a file like the key.")
@click.option("--force", is_flag=True, help="Overwrite the file.")
def backup(file: Path, with_secret: bool, force: bool) -> None:
    """Write a copy of all databases to FILE while the server runs."""
    from valve_clinic.operations import backup as backups

    try:
        names = backups.save(file, with_secret, force)
    except (backups.BackupError, OSError) as error:
        click.echo(f"No backup: {error}", err=True)
        sys.exit(1)
    click.echo(f"{file}: {', '.join(names)}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite the databases that are there.")
def restore(file: Path, force: bool) -> None:
    """Put the databases of FILE back, while the server is stopped."""
    from valve_clinic.operations import backup as backups

    try:
        names = backups.restore(file, force)
    except (backups.BackupError, OSError) as error:
        click.echo(f"Not restored: {error}", err=True)
        sys.exit(1)
    click.echo(f"put back: {', '.join(names)}")

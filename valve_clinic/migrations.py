"""Runs Alembic's migrations on a connection that is open already: no ini file, no command line."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

#: Alembic keeps the migration that runs in globals of its modules.
_one_at_a_time = threading.Lock()


def count(folder: Path) -> int:
    """Return how many migrations the folder has, without importing Alembic or SQLAlchemy."""
    return len(list((folder / "versions").glob("v[0-9]*.py")))


def revision_of(version: int) -> str:
    """Return Alembic's name for a version of the tables: version 2 is revision 0002."""
    return f"{version:04}"


def upgrade(connection: Connection, folder: Path, version: int, version_table: str) -> None:
    """Bring tables of `version` (0: none are there) up to date, within the transaction of the connection."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes.update(connection=connection, version_table=version_table)
    with _one_at_a_time:
        if version:
            command.stamp(config, revision_of(version), purge=True)
        command.upgrade(config, "head")

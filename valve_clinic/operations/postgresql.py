"""Copies of PostgreSQL databases with PostgreSQL's own tools."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from valve_clinic import schema_version


class PostgreSQLError(RuntimeError):
    """A tool of PostgreSQL failed or is missing; the message says which and why."""


def dump(url: str, target: Path) -> None:
    """Write a copy of one moment of the database to `target`."""
    _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")


def restore(url: str, source: Path) -> None:
    """Put the copy's tables in place of the database's, all of them or none."""
    _run(
        "pg_restore",
        url,
        *("--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"),
        str(source),
    )


def check(source: Path) -> None:
    """Read the copy's list of contents; raises `PostgreSQLError` when it is damaged."""
    _tool("pg_restore", ["--list", str(source)], os.environ.copy())


def has_tables(url: str) -> bool:
    """Return whether the database holds any table."""
    with _connection(url) as connection:
        return bool(inspect(connection).get_table_names())


def is_open(url: str) -> bool:
    """Return whether another session is connected to the database."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with _connection(url) as connection:
        return bool(connection.exec_driver_sql(others).scalar())


def versions(url: str) -> dict[str, int]:
    """Return the versions that the database's tables say they have."""
    with _connection(url) as connection:
        if not inspect(connection).has_table(schema_version.TABLE):
            return {}
        rows = connection.exec_driver_sql(f"SELECT name, version FROM {schema_version.TABLE}")  # noqa: S608
        return {str(name): int(version) for name, version in rows}


@contextmanager
def _connection(url: str) -> Iterator[Connection]:
    engine = create_engine(url, future=True, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    except OperationalError as error:
        raise PostgreSQLError(f"the database does not answer ({str(error.orig).strip().splitlines()[0]})") from None


def _run(tool: str, url: str, *arguments: str) -> None:
    parsed = make_url(url)
    # The password goes through the environment: arguments can be read by everybody on the machine.
    environment = {**os.environ, **({"PGPASSWORD": str(parsed.password)} if parsed.password else {})}
    named = {"--host": parsed.host, "--port": parsed.port, "--username": parsed.username, "--dbname": parsed.database}
    options = [f"{option}={value}" for option, value in named.items() if value]
    _tool(tool, ["--no-password", *options, *arguments], environment)


def _tool(tool: str, arguments: list[str], environment: dict[str, str]) -> None:
    try:
        subprocess.run([tool, *arguments], env=environment, check=True, capture_output=True, text=True)  # noqa: S603
    except FileNotFoundError:
        raise PostgreSQLError(f"{tool} is missing; on Debian run: apt-get install postgresql-client") from None
    except subprocess.CalledProcessError as error:
        raise PostgreSQLError(f"{tool} failed: {(error.stderr.strip().splitlines() or ['?'])[-1]}") from None

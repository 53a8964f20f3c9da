"""A PostgreSQL server that has stopped answering is an error in time."""

from __future__ import annotations

import socket
import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from unit.channel.conftest import postgresql
from valve_clinic.database import make_engine

__all__ = ["postgresql"]


def test_a_server_that_accepts_and_says_nothing_is_an_error_in_time():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        engine = make_engine(f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/none", statement_seconds=0.1)
        begun = time.monotonic()
        with pytest.raises(OperationalError, match="did not answer within"):
            engine.connect()
        assert time.monotonic() - begun < 5
        engine.dispose()


def test_a_statement_that_takes_too_long_is_an_error_and_the_next_one_works(postgresql):
    engine = make_engine(str(postgresql.url), statement_seconds=0.2)
    with pytest.raises(OperationalError, match="statement timeout"), engine.connect() as connection:
        connection.execute(text("SELECT pg_sleep(5)"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT 7")).scalar_one() == 7
    engine.dispose()


def test_a_connection_that_the_server_closed_is_replaced(postgresql):
    with postgresql.connect() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    other = make_engine("postgresql://postgres@127.0.0.1:5432/test")
    with other.connect() as admin:
        admin.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    other.dispose()
    with postgresql.connect() as connection:
        assert connection.execute(text("SELECT 7")).scalar_one() == 7

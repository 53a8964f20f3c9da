"""Opens the content database for a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from valve_clinic.problems import refuse

if TYPE_CHECKING:
    from valve_clinic.content.store import ContentStore


@contextmanager
def open_content() -> Iterator[ContentStore]:
    """Open the content database as it is; a setting that cannot be used, or a newer database, ends the command."""
    from valve_clinic import settings
    from valve_clinic.content import store
    from valve_clinic.schema_version import NewerDatabaseError

    try:
        opened = store.open_empty_store()
    except (settings.SettingError, NewerDatabaseError) as error:
        refuse([error])
        raise  # not reached
    try:
        yield opened
    finally:
        opened.close()

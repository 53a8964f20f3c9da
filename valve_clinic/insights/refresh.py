"""Makes all that the console shows of this room: counts, the three likeliest intents, groups, and the report."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy.engine import Engine

from valve_clinic.clock import utc_now
from valve_clinic.content.loader import Content
from valve_clinic.insights import groups, page, report, themes, update
from valve_clinic.insights.inbox import Inbox, Parse
from valve_clinic.insights.kept import KeptReport


def refresh(
    engine: Engine,
    content: Content,
    days: tuple[datetime.date, datetime.date],
    encode: themes.Encode | None,
    parser: Callable[[], AbstractContextManager[Parse]] | None,
    now: Callable[[], datetime.datetime] = utc_now,
) -> bool:
    """Count what is new, ask the model, put the inbox's messages together, write the report and keep it.

    Returns False, having done nothing, when another process is at it. What goes wrong is noted beside the report by
    its kind, and raised. `encode` and `parser` are None without a model; `parser` is opened only for new messages.
    """
    kept = KeptReport(engine, now)
    if not kept.begin():
        return False
    try:
        update.update(engine, content.clinic, now)
        box = Inbox(engine, now)
        if parser is not None and box.needs_ranking():
            with parser() as parse:
                box.rank(parse)
        groups.remember(engine, box, encode)
        kept.keep(page.render(report.make(engine, content, days, now(), encode)), days)
    except BaseException as error:
        # The error's text may quote a row.
        kept.fail(f"it ended with {type(error).__name__}")
        raise
    return True

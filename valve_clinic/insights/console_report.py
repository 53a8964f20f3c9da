"""The console's page with the report: shows the one that is kept, and has another one made beside the server."""

from __future__ import annotations

import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy.engine import Engine

from valve_clinic.console.pages import Page, Raw, Redirect, Visit, add_page
from valve_clinic.content.loader import load_clinic
from valve_clinic.insights import models, policy, report
from valve_clinic.insights.job import Job
from valve_clinic.insights.kept import KeptReport
from valve_clinic.insights.local_time import LocalTime

#: The process that makes the report; tests put another one in its place.
job = Job()
_PATH = "/insights"


@lru_cache(maxsize=1)
def prepared(engine: Engine) -> Engine:
    """Return the console's engine with the tables of this room."""
    return models.prepare(engine)


def show(visit: Visit) -> Page | Redirect:
    """Show when the report was made, and have another one made."""
    kept = KeptReport(prepared(visit.store.engine), visit.store.now)
    if not visit.is_post:
        return _page(kept)
    typed = {name: visit.form.get(name, "").strip() for name in ("from", "to")}
    try:
        first, last = (_day(typed[name]) for name in ("from", "to"))
        report.period(LocalTime.of(load_clinic()), visit.now, first, last)
    except ValueError as error:
        visit.store.audit(visit.account.name, "make report", None, "refused")
        return _page(kept, f"{error}.", typed, 400)
    words = [word for name in ("from", "to") if typed[name] for word in (f"--{name}", typed[name])]
    # Another server may be at it: the process that is started looks again, and does nothing then.
    started = kept.state().begun_at is None and job.start(*words)
    visit.store.audit(visit.account.name, "make report", None, "started" if started else "under way")
    return Redirect(_PATH)


def read(visit: Visit) -> Page | Raw:
    """Show the report itself, as the command writes it."""
    html = KeptReport(prepared(visit.store.engine), visit.store.now).html()
    if html is None:
        text = "There is no report, or it is older than a day. Have one made on the page Insights."
        return Page("message.html", {"title": "No report", "text": text}, 404)
    visit.store.audit(visit.account.name, "read report", None, "ok")
    return Raw(html, policy.of_page(html))


def _page(kept: KeptReport, problem: str = "", typed: dict[str, str] | None = None, status: int = 200) -> Page:
    state = kept.state()
    values: dict[str, Any] = {
        "state": state,
        "is_made": job.is_running or state.begun_at is not None,
        "failed": state.problem or ("its process ended with an error" if job.failed(state.made_at) else None),
        "problem": problem,
        "typed": typed or {"from": "", "to": ""},
    }
    return Page("insights.html", values, status)


def _day(text: str) -> datetime.date | None:
    """Return the day; raises `ValueError` for what is none."""
    try:
        return datetime.date.fromisoformat(text) if text else None
    except ValueError:
        raise ValueError("a day is written like 2026-11-28") from None


add_page(_PATH, "manager", show, title="Insights")
add_page(f"{_PATH}/report", "manager", read, title="Report", in_menu=False)

"""The page with the audit log, for managers."""

from __future__ import annotations

from valve_clinic.console.pages import Page, Visit, add_page


def show(visit: Visit) -> Page:
    """Show who looked up what."""
    return Page("audit.html", {"entries": visit.store.audit_log()})


add_page("/audit", "manager", show, title="Audit log")

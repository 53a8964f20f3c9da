"""The page on which staff enter the code that a caller names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from valve_clinic.channel import references
from valve_clinic.channel.store import Turn
from valve_clinic.console.guard import TooManyError, check_lookups
from valve_clinic.console.pages import Page, Visit, add_page
from valve_clinic.content.store import shared_store

#: What became of a message, by the kinds of its replies; the first that fits counts.
_OUTCOMES = (
    ("emergency", "sent to 911"),
    ("crisis", "sent to 988"),
    ("answer", "answered"),
    ("same_day", "told to call the care team today"),
    ("advice_declined", "asked for advice: declined"),
    ("handoff", "handed off to the phone"),
    ("clarify", "not understood"),
)
_LEVELS = {"act": "emergency", "check": "asked whether it is happening now", "none": "none"}


@dataclass(frozen=True)
class Line:
    """One turn as staff may see it; `words` is None unless the patient shared them."""

    at: str
    outcome: str
    topics: list[str]
    level: str
    words: str | None
    answered: bool


def show(visit: Visit) -> Page:
    """Look a code up: what was asked and answered, and no words unless they were shared."""
    if not visit.is_post:
        return _page()
    typed = visit.form.get("code", "")
    code = references.read(typed)
    try:
        check_lookups(visit.store, visit.account.name, visit.address)
    except TooManyError:
        visit.store.audit(visit.account.name, "lookup", code, "refused")
        return _page("Too many look-ups. Please wait 15 minutes.", status=429)
    website = visit.store.website
    found = website.references.find(typed)
    # What is no code may be anything, a name even: it is not written down.
    visit.store.audit(visit.account.name, "lookup", code, "found" if found else "not found")
    if found is None:
        return _page("There is no such code, or it has ended. A code ends after 24 hours.", status=404)
    lines = list(lines_of(website.turns(found.session), shared_store().titles(), found.shared))
    return Page("lookup.html", {"problem": "", "code": found.code, "shared": found.shared, "lines": lines})


def lines_of(turns: list[Turn], titles: dict[str, str], shared: bool) -> Iterator[Line]:
    """Yield a line for each message of the patient's, times in UTC."""
    for turn in turns:
        if turn.text is None:
            continue
        kinds = {reply["kind"] for reply in turn.replies}
        outcome = next((words for kind, words in _OUTCOMES if kind in kinds), "small talk, or out of scope")
        if not turn.replies:
            outcome = "no answer: the chat failed"
        topics = list(dict.fromkeys(reply["topic"] for reply in turn.replies if reply.get("topic")))
        level = "crisis" if "crisis" in kinds else _LEVELS.get(turn.safety, turn.safety)
        if "same_day" in kinds and level == "none":
            level = "same day"
        yield Line(
            turn.at.strftime("%Y-%m-%d %H:%M"),
            outcome,
            [titles.get(topic, topic) for topic in topics],
            level,
            turn.text if shared else None,
            "answer" in kinds,
        )


def _page(problem: str = "", status: int = 200) -> Page:
    values: dict[str, Any] = {"problem": problem, "code": None, "shared": False, "lines": []}
    return Page("lookup.html", values, status)


add_page("/lookup", "agent", show, title="Look up a code")

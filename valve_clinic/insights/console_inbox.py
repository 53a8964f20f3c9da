"""The console's pages of the review inbox: the messages that were not served well, and what a person makes of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from valve_clinic.console.pages import Page, Redirect, Visit, add_page
from valve_clinic.insights import candidates, groups, words
from valve_clinic.insights.console_report import prepared
from valve_clinic.insights.inbox import MOST, MOST_CHARACTERS, STATES, Inbox, InboxError, Item, teachable_intents

#: Messages of one page; a group is not divided.
A_PAGE = 40
_PATH, _ITEM = "/inbox", "/inbox/message"


def show(visit: Visit) -> Page | Redirect:
    """List the messages of a status, those that are alike together."""
    if visit.is_post:
        return Redirect(_PATH)
    box, engine = _box(visit), prepared(visit.store.engine)
    status = visit.query.get("status", STATES[0])
    status = status if status in STATES else STATES[0]
    reason = visit.query.get("reason", "")
    reason = reason if reason in candidates.REASONS else ""
    items = box.items(status, reason or None)
    pages = _divided(groups.together(engine, items))
    number = _number(visit.query.get("page", "1"), 1)
    number = min(max(1, number), len(pages))
    values: dict[str, Any] = {
        **{"groups": pages[number - 1], "count": len(items), "most": MOST, "page": number, "pages": len(pages)},
        **{"status": status, "reason": reason, "states": STATES, "reasons": words.REASON},
        "done": _done(box, visit.query.get("done", "")),
    }
    return Page("inbox.html", values)


def decide(visit: Visit) -> Page | Redirect:
    """Show one message with those that are alike, and keep what a person makes of it."""
    box, number = _box(visit), _number((visit.form or visit.query).get("number", ""), 0)
    problem = ""
    if visit.is_post:
        act = visit.form.get("act", "")
        try:
            _acts(box, visit).get(act, _unknown)(number)
        except InboxError as error:
            problem = f"{error}."
        action = f"inbox {act}" if act in _ACTS else "inbox"
        visit.store.audit(visit.account.name, action, f"message {number}", "refused" if problem else "ok")
        if not problem:
            return Redirect(f"{_PATH}?done={number}")
    try:
        item = box.item(number)
    except InboxError as error:
        return Page("message.html", {"title": "No such message", "text": f"{error}."}, 404)
    values = {
        **{"item": item, "problem": problem, "others": _alike(visit, box, item), "reasons": words.REASON},
        **{"intents": teachable_intents(), "most": MOST_CHARACTERS, "typed": visit.form},
    }
    return Page("inbox_message.html", values, 400 if problem else 200)


_ACTS = ("assign", "note", "dismiss", "reopen")


def _acts(box: Inbox, visit: Visit) -> dict[str, Callable[[int], object]]:
    form, by = visit.form, visit.account.name
    return {
        "assign": lambda number: box.assign(
            number, form.get("intent", ""), form.get("wording", "").strip() or None, by
        ),
        "note": lambda number: box.note(number, form.get("note", ""), by),
        "dismiss": lambda number: box.dismiss(number, by),
        "reopen": lambda number: box.reopen(number, by),
    }


def _unknown(_number: int) -> None:
    raise InboxError("the form does not say what is to be done; please go back and try again")


def _box(visit: Visit) -> Inbox:
    return Inbox(prepared(visit.store.engine), visit.store.now)


def _alike(visit: Visit, box: Inbox, item: Item) -> list[str]:
    """Return the other words of the message's group."""
    for group in groups.together(prepared(visit.store.engine), box.items(item.status)):
        if any(other.id == item.id for other in group):
            return list(dict.fromkeys(other.text for other in group if other.text != item.text))
    return []


def _divided(found: list[list[Item]]) -> list[list[list[Item]]]:
    """Return the groups as pages: a page is full when it has `A_PAGE` messages."""
    pages: list[list[list[Item]]] = [[]]
    for group in found:
        if sum(map(len, pages[-1])) >= A_PAGE:
            pages.append([])
        pages[-1].append(group)
    return pages


def _done(box: Inbox, number: str) -> Item | None:
    """Return the message that has just been decided."""
    try:
        return box.item(_number(number, 0)) if number else None
    except InboxError:
        return None


def _number(text: str, otherwise: int) -> int:
    """Return the number of a message or page; the databases count up to 2^31."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise


add_page(_PATH, "manager", show, title="Inbox")
add_page(_ITEM, "manager", decide, title="Message", in_menu=False)

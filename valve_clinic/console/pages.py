"""The pages of the console: a list to which any room adds its own.

A room adds a page when it is imported, and `valve_clinic/console/site.py` names the rooms:

    def show(visit: Visit) -> Page:
        return Page("visits.html", {"figures": ...})

    add_page("/visits", "manager", show, title="Visits")
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from valve_clinic.console.roles import ROLES
from valve_clinic.console.store import Account, ConsoleStore

#: Fields of a form that the console reads itself.
CSRF_FIELD = "csrf"
_PATH = re.compile(r"(/[a-z0-9-]+)+")


@dataclass(frozen=True)
class Visit:
    """Who asks for a page, and with what. `form` is empty unless a form with a right CSRF token was sent."""

    account: Account
    query: Mapping[str, str]
    form: Mapping[str, str]
    store: ConsoleStore
    now: datetime.datetime
    #: A keyed hash of the visitor's network address: for limits, never shown.
    address: str = ""

    @property
    def is_post(self) -> bool:
        """Whether a form was sent."""
        return bool(self.form)


@dataclass(frozen=True)
class Page:
    """A template of `valve_clinic/console/templates/` with its values; the layout is `layout.html`."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True)
class Raw:
    """A whole document that brings its own style, and the content security policy under which it works."""

    html: str
    policy: str


@dataclass(frozen=True)
class Redirect:
    """Another page of the console, asked for with GET: what a form leads to after it has changed something."""

    path: str


Render = Callable[[Visit], Page | Redirect | Raw]


@dataclass(frozen=True)
class Registered:
    """A page with its place and who may see it."""

    path: str
    role: str
    render: Render
    title: str
    in_menu: bool


_pages: dict[str, Registered] = {}


def add_page(path: str, role: str, render: Render, *, title: str, in_menu: bool = True) -> None:
    """Add a page at `/console` + `path` for accounts of `role` ("manager" sees an agent's pages, too).

    `render` runs in a thread and may use the database; it must be done within three seconds, may be called twice, and
    gets forms (POST) and plain visits (GET). Raises `ValueError` for a wrong path or role.
    """
    if not _PATH.fullmatch(path):
        raise ValueError(f"a page's path is like /insights or /inbox/topic, not {path!r}")
    if role not in ROLES:
        raise ValueError(f"a page's role is one of {', '.join(ROLES)}, not {role!r}")
    known = _pages.get(path)
    if known is not None and known.render is not render:
        raise ValueError(f"there is another page at {path}")
    _pages[path] = Registered(path, role, render, title, in_menu)


def all_pages(rooms: Sequence[str]) -> list[Registered]:
    """Return the pages in the order of `rooms`, the modules that add them; those of no room stand behind, as added.

    What a module adds when it is imported comes in any order: another one may have imported it before.
    """
    places = {room: place for place, room in enumerate(rooms)}
    return sorted(_pages.values(), key=lambda page: places.get(page.render.__module__, len(places)))

"""Links lead to allowed hosts only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from valve_clinic.content.house_rules import House
from valve_clinic.content.parsed import Parsed
from valve_clinic.content.problems import Problem

_ADDRESS = re.compile(r"(?:[a-z]+://|www\.)[^\s)>\"']+", re.IGNORECASE)
_MEND = "take the link out, or have its host added to hosts in rules.yml by whoever answers for the website"


def check(parsed: Parsed, house: House) -> Iterator[Problem]:
    """Look at addresses in texts, at the clinic's links, and at the sources that answers show."""
    hosts = set(house.rules.hosts)
    for text in parsed.texts():
        for address in _ADDRESS.findall(text.text):
            if _host(address) not in hosts:
                yield parsed.in_topic(text.topic, text.location, f"{address} is not at an allowed host", _MEND)
    if parsed.clinic is not None:
        for name, link in parsed.clinic.links.items():
            if link.url and not re.match(r"/(?!/)", link.url) and _host(link.url) not in hosts:
                path = parsed.base / "clinic.yml"
                yield parsed.at(path, ["links", name], f"{link.url} is not at an allowed host", _MEND)
    cited = {source for text in parsed.texts() for source in text.sources}
    for index, fact in enumerate((parsed.facts or {}).values()):
        if fact.id in cited and fact.source.url and _host(fact.source.url) not in hosts:
            path = parsed.base / "facts.yml"
            message = f"the source {fact.source.url} is not at an allowed host"
            yield parsed.at(path, [index, "source", "url"], message, _MEND)


def _host(address: str) -> str | None:
    try:
        return urlsplit(address if "://" in address else f"https://{address}").hostname
    except ValueError:
        return None

"""`valve-clinic content diff, history, restore, revision, served`: what was in service, and how to get it back."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import click

from valve_clinic.content.open import open_content
from valve_clinic.problems import refuse

if TYPE_CHECKING:
    from valve_clinic.content.history import Revision, Served
    from valve_clinic.content.loader import Content

_HASH_SHOWN = 12


@click.command("diff")
@click.argument("topic", required=False)
def diff(topic: str | None) -> None:
    """Show how the files differ from what is served (- served, + file); the exit code is 1 when they do."""
    from valve_clinic.content import canonical, difference

    found = _files()
    with open_content() as store:
        served = store.history.served()
    if served is None:
        refuse(["nothing is served yet; run valve-clinic content load"])
        return
    of_files = {name: canonical.content_of(item) for name, item in found.everything.items()}
    revisions = {revision.topic: revision for revision in served.revisions}
    if topic is not None and topic not in {*of_files, *revisions}:
        refuse([f"there is no topic {topic}, neither in content/ nor served"])
    lines: list[str] = []
    for name in [topic] if topic else dict.fromkeys([*of_files, *revisions]):
        revision = revisions.get(name)
        lines += difference.between(
            difference.parts_of(revision.content) if revision else {},
            difference.parts_of(of_files.get(name, {})),
            f"{name}: {_title(revision)}",
            f"{name}: content/{name}.yml" + ("" if name in of_files else " (there is no such file)"),
        )
    if topic is None:
        lines += _other_differences(served, found)
    if not lines:
        click.echo("The files say what is served; nothing differs.")
        return
    click.echo("\n".join(lines))
    raise SystemExit(1)


@click.command("history")
@click.argument("topic")
def history(topic: str) -> None:
    """List the topic's revisions, newest first: id, when, who, whether it is served, hash, why."""
    with open_content() as store:
        found = store.history.of_topic(topic)
        known = [] if found else store.history.topics()
    if not found:
        refuse([f"{topic} has no revision; topics that have: {', '.join(known) or 'none, nothing was loaded yet'}"])
    for revision in found:
        state = "served, restored" if revision.is_restored else "served" if revision.is_served else "not served"
        shown = revision.hash[:_HASH_SHOWN]
        click.echo(f"{revision.id}  {_when(revision.at)}  {revision.by}  {state}  {shown}  {revision.reason}")


@click.command("revision")
@click.argument("number", metavar="REVISION", type=int)
def revision(number: int) -> None:
    """Print the text of a revision: what a stored answer that names it was made of."""
    from valve_clinic.content import difference

    with open_content() as store:
        found = store.history.revision(number)
    if found is None:
        refuse([f"there is no revision {number}; see valve-clinic content history TOPIC"])
        return
    state = "served now" if found.is_served else "not served now"
    click.echo(f"Revision {found.id} of {found.topic}: {_when(found.at)}, by {found.by}, {found.reason}; {state}")
    click.echo(f"hash {found.hash}")
    for name, lines in difference.parts_of(found.content).items():
        click.echo(f"\n{name}:")
        for line in lines:
            click.echo(f"  {line}")


@click.command("served")
def served() -> None:
    """Print what is served: the publication, and the revision of each topic."""
    with open_content() as store:
        found = store.history.served()
    if found is None:
        refuse(["nothing is served yet; run valve-clinic content load"])
        return
    click.echo(
        f"Publication {found.publication} of {found.publications}: {_when(found.at)}, by {found.by}, {found.reason}"
    )
    click.echo(f"digest of the files {found.digest}")
    for item in found.revisions:
        notes = ["draft: not shown"] if item.content.get("status") != "published" else []
        notes += ["restored"] if item.is_restored else []
        click.echo(f"{item.topic}  {item.id}" + (f"  ({', '.join(notes)})" if notes else ""))


@click.command("restore")
@click.argument("number", metavar="REVISION", type=int)
@click.option("--write", is_flag=True, help="Write the revision into the topic's file, too.")
@click.option(
    "--by", metavar="NAME", help="Who restores it; default: the author that git knows, else the account's name."
)
@click.option("--reason", metavar="TEXT", help="Why; it stands in the history.")
def restore(number: int, write: bool, by: str | None, reason: str | None) -> None:
    """Serve an earlier revision of its topic again, and say how to bring the file in line."""
    from valve_clinic import paths
    from valve_clinic.content import authors, publishing, write_back
    from valve_clinic.content.problems import ContentError

    unchanged = "Nothing was changed."
    with open_content() as store:
        found = store.history.revision(number)
        if found is None:
            refuse([f"there is no revision {number}; see valve-clinic content history TOPIC"], unchanged)
            return
        try:
            topic = publishing.parse(number, found.content)
            # Before anything is served: a file that cannot be written right is found out first.
            text = write_back.render(topic, paths.CONTENT / f"{topic.key}.yml") if write else ""
            refuse(write_back.check(topic, text, paths.CONTENT) if write else [], unchanged)
            made = store.publisher.restore(number, authors.author(by, reason))
        except (publishing.RevisionError, ContentError) as error:
            refuse([error], unchanged)
            return
    already = "" if made else " already"
    click.echo(f"Revision {number} of {topic.key} is served{already}." + _draft(found))
    if write:
        file = write_back.write(topic, text, paths.CONTENT)
        click.echo(f"{file.parent.name}/{file.name} says the same now; load it: valve-clinic content load")
    elif made:
        click.echo(
            f"content/{topic.key}.yml is as it was. Bring it in line: valve-clinic content restore {number} --write. "
            "Until then, valve-clinic content load refuses to undo this, and a start of the server leaves it."
        )


COMMANDS = (diff, history, restore, revision, served)


def _files() -> Content:
    from valve_clinic.content import loader
    from valve_clinic.content.problems import ContentError

    try:
        return loader.load_files()
    except ContentError as error:
        refuse(error.problems)
        raise  # not reached


def _other_differences(served: Served, found: Content) -> list[str]:
    """Return how the clinic's data and the sources of the facts differ."""
    from valve_clinic.content import difference, publishing

    clinic = difference.flat(publishing.stored_clinic(found))
    lines = difference.between(
        difference.flat(served.clinic), clinic, "the clinic: served", "the clinic: content/clinic.yml"
    )
    sources = {
        fact.id: {"name": fact.source.name, "url": fact.source.url, "date": fact.source.date}
        for fact in found.facts.values()
    }
    before: dict[str, dict[str, Any]] = {
        name: {key: source[key] for key in ("name", "url", "date")} for name, source in sorted(served.sources.items())
    }
    return lines + difference.between(
        difference.flat(before), difference.flat(sources), "sources: served", "sources: content/facts.yml"
    )


def _title(revision: Revision | None) -> str:
    if revision is None:
        return "not served"
    kind = "served, restored" if revision.is_restored else "served"
    return f"{kind} (revision {revision.id}, {_when(revision.at)}, by {revision.by})"


def _draft(revision: Revision) -> str:
    return "" if revision.content.get("status") == "published" else " It is a draft: patients do not see the topic."


def _when(moment: datetime.datetime) -> str:
    """Return the time in UTC; SQLite forgets the zone, and what is stored is always UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)
    return aware.astimezone(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")

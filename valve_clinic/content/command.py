"""`valve-clinic content …`: for whoever writes the answers."""

from __future__ import annotations

from pathlib import Path

import click

from valve_clinic.content import history_command
from valve_clinic.content.editing_command import check, preview, schema
from valve_clinic.content.open import open_content
from valve_clinic.problems import refuse


@click.group()
def content() -> None:
    """Check and load the answers."""


content.add_command(check)
content.add_command(preview)
content.add_command(schema)


@content.command("load")
@click.option("--by", metavar="NAME", help="Who loads it; default: the author that git knows, else the account's name.")
@click.option("--reason", metavar="TEXT", help="Why; it stands in the history.")
@click.option("--undo-restore", metavar="TOPIC", multiple=True, help="Serve the topic's file, not what was restored.")
def content_load(by: str | None, reason: str | None, undo_restore: tuple[str, ...]) -> None:
    """Load content/ into the database: all of it, or nothing when a file is wrong."""
    from valve_clinic.content import authors, checking, store
    from valve_clinic.content.problems import ContentError

    try:
        found = checking.load_checked()
    except ContentError as error:
        refuse(error.problems, "Nothing was loaded; the answers stay as they were.")
    with open_content() as database:
        try:
            made = database.publish(found, authors.author(by, reason), frozenset(undo_restore))
        except store.RestoredError as error:
            refuse(error.lines(), "Nothing was loaded; the answers stay as they were.")
    for topic, revision in made.new.items() if made else ():
        click.echo(f"new: {topic}, revision {revision}")
    click.echo(f"{len(found.topics)} topics are served" + ("" if made else "; they were the same already"))


@content.command("faq")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to write.")
def content_faq(out: Path) -> None:
    """Write the answers that are served as one page without a script, for a web server of your own."""
    from valve_clinic.content import faq

    with open_content() as answers:
        try:
            page = faq.render(answers)
            out.write_text(page.html, encoding="utf-8")
        except (LookupError, OSError) as error:
            refuse([error])
    click.echo(f"{out}: {answers_of(page.html)} questions; a policy has to allow style-src '{page.style_hash}'")


def answers_of(html: str) -> int:
    """Return how many questions the page answers."""
    return html.count("<article ")


for command in history_command.COMMANDS:
    content.add_command(command)

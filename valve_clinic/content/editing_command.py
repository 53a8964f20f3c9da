"""The commands of whoever edits an answer: check it, look at it, and help an editor complete it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from valve_clinic.problems import refuse

if TYPE_CHECKING:
    from valve_clinic.content.parsed import Parsed


@click.command()
@click.option("--figures", is_flag=True, help="Show words and reading grade of every text.")
@click.option("--strict", is_flag=True, help="Fail when a review is overdue, too.")
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Check this folder alone, such as content/es (default: content/ and every translation in it).",
)
def check(figures: bool, strict: bool, folder: Path | None) -> None:
    """Say file, line and reason of everything that is wrong in content/, and how to mend it."""
    from valve_clinic.content import checking

    reports = checking.check_all() if folder is None else [checking.check(folder, base_of(folder))]
    for report in reports if figures else ():
        _show_figures(report.parsed)
    warnings = [warning for report in reports for warning in report.warnings]
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    refuse(list(dict.fromkeys(problem for report in reports for problem in report.problems)))
    refuse(["overdue reviews (--strict)"] if strict and warnings else [])
    for parsed in (report.parsed for report in reports):
        texts = sum(len(topic.answers) for topic in parsed.topics.values())
        drafts = sum(topic.status == "draft" for topic in parsed.topics.values())
        facts = f" and {len(parsed.facts or {})} facts" if parsed.english else f", {drafts} of them drafts"
        name = "" if parsed.english else f"{parsed.language}: "
        click.echo(f"{name}{len(parsed.topics)} topics with {texts} texts{facts}: nothing wrong")


def base_of(folder: Path) -> Path:
    """Return where the clinic's data and the facts for a folder are: in it, or in the one around it."""
    return folder if (folder / "facts.yml").is_file() else folder.resolve().parent


def _show_figures(parsed: Parsed) -> None:
    from valve_clinic.content.rules import reading

    measure = "grade" if parsed.english else "ease"
    click.echo(f"{'text':<52} {'words':>5} {measure:>6} {'short: words':>13} {measure:>6}")
    for item in reading.figures(parsed):
        name = f"{item.topic} {'' if item.variant == 'default' else item.variant}".strip()
        click.echo(f"{name:<52} {item.words:>5} {item.grade:>6.1f} {item.short_words:>13} {item.short_grade:>6.1f}")


@click.command()
def schema() -> None:
    """Write content/schema/*.schema.json, from which an editor completes keys and underlines mistakes."""
    from valve_clinic.content import json_schema

    for path in json_schema.write():
        click.echo(str(path))


@click.command()
@click.argument("topic")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The file to write (default: TOPIC.html).")
@click.option("--language", metavar="CODE", help="The translation to show, such as es (default: English).")
def preview(topic: str, out: Path | None, language: str | None) -> None:
    """Write a page that shows TOPIC's texts as a patient sees them."""
    from valve_clinic import paths
    from valve_clinic.content import loader
    from valve_clinic.content import preview as page

    folders = {folder.name: folder for folder in loader.translations_in(paths.CONTENT)}
    if language not in (None, *folders):
        refuse([f"there is no translation {language!r}; there is: {', '.join(folders) or 'none'}"])
    parsed = loader.parse() if language is None else loader.parse(folders[language], paths.CONTENT)
    if topic not in parsed.topics:
        refuse([problem for problem in parsed.problems if problem.file == parsed.path(topic)])
        refuse([f"there is no topic {topic!r}; the topics are: {', '.join(sorted(parsed.names))}"])
    if parsed.clinic is None or parsed.facts is None:
        refuse(parsed.problems)
    out = out or Path(f"{topic}.html")
    try:
        out.write_text(page.render(parsed, topic), encoding="utf-8")
    except OSError as error:
        refuse([f"cannot write {out}: {error.strerror}; name another file with --out"])
    click.echo(f"open it in a browser: {out}")

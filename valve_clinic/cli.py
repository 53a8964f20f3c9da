"""The project's own command, `valve-clinic`."""

from __future__ import annotations

import os
import sys

import click

from valve_clinic import __version__
from valve_clinic.evaluation.command import evaluate
from valve_clinic.safety.command import safety


@click.group()
@click.version_option(__version__, prog_name="valve-clinic")
def main() -> None:
    """Run and look after the Valve Clinic chatbot."""
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")


main.add_command(evaluate)
main.add_command(safety)


@main.command()
def serve() -> None:
    """Start the server: loads the content, trains when there is no model, prints the address when it is ready."""
    from valve_clinic import serving

    try:
        serving.serve()
    except serving.StartError as error:
        click.echo(f"Cannot start: {error}", err=True)
        sys.exit(1)


@main.command()
@click.option("--force", is_flag=True, help="Train even when the data has a model already.")
def train(force: bool) -> None:
    """Train a model from the data, unless there is one."""
    from valve_clinic import training

    path = training.model_path()
    if path.is_file() and not force:
        click.echo(f"The model of this data is there already: {path}")
        return
    training.train(path, lambda line: click.echo(f"... {line}"))
    click.echo(f"Trained {path}")


@main.command()
def model() -> None:
    """Print the path of the model that belongs to the present data."""
    from valve_clinic import training

    click.echo(str(training.model_path()))


@main.group()
def data() -> None:
    """Check the training messages."""


@data.command("check")
def data_check() -> None:
    """Fail on doubles, on files that hold another intent than their name, and on too few messages."""
    from valve_clinic import training_data
    from valve_clinic.evaluation import messages as evaluated
    from valve_clinic.nlu import follow_ups

    messages = training_data.read()
    problems = training_data.check(messages)
    try:
        follow_ups.read(evaluated.domain_intents())
    except follow_ups.FollowUpsError as error:
        problems.append(str(error))
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        sys.exit(1)
    click.echo(f"{len(messages)} training messages: nothing wrong")


@data.command("doubles")
def data_doubles() -> None:
    """Fail on messages of one intent that are nearly the same by meaning and letters."""
    from valve_clinic import training_data, training_doubles

    messages = training_data.read()
    pairs = training_doubles.find(messages, training_doubles.encode(messages))
    for later, earlier in pairs:
        click.echo(f"{later.place}: nearly the same as {earlier.place}: {later.text!r}", err=True)
    if pairs:
        sys.exit(1)
    click.echo(f"{len(messages)} training messages: no two are nearly the same by meaning and letters")


@main.group()
def content() -> None:
    """Check and load the answers."""


@content.command("check")
def content_check() -> None:
    """Say file, line and reason of everything that is wrong in content/."""
    from valve_clinic.content import loader
    from valve_clinic.content.problems import ContentError

    try:
        found = loader.load_files()
    except ContentError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        sys.exit(1)
    texts = sum(len(topic.answers) for topic in found.topics.values())
    click.echo(f"{len(found.topics)} topics with {texts} texts and {len(found.facts)} facts: nothing wrong")


@content.command("load")
def content_load() -> None:
    """Load content/ into the database: all of it, or nothing when a file is wrong."""
    from valve_clinic.content import loader, store
    from valve_clinic.content.problems import ContentError

    try:
        found = loader.load_files()
    except ContentError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        click.echo("Nothing was loaded; the answers stay as they were.", err=True)
        sys.exit(1)
    database = store.open_empty_store()
    changed = database.publish(found)
    click.echo(f"{len(found.topics)} topics are served" + ("" if changed else "; they were the same already"))


@main.group()
def language() -> None:
    """Build and check the spaCy pipeline."""


@language.command("build")
def language_build() -> None:
    """Build the spaCy pipeline from the look-up lists in data/nlu.yml."""
    from valve_clinic.nlu import language as pipeline

    click.echo(f"{pipeline.LANGUAGE_DIR}: {pipeline.build()} phrases")


@language.command("check")
def language_check() -> None:
    """Fail when the spaCy pipeline on disk is older than the look-up lists."""
    from valve_clinic.nlu import language as pipeline

    if not pipeline.is_current():
        click.echo("The spaCy pipeline is out of date; run `valve-clinic language build`.", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()

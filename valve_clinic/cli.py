"""The project's own command, `valve-clinic`."""

from __future__ import annotations

import os
import sys

import click

from valve_clinic import __version__
from valve_clinic.console.command import agents
from valve_clinic.content.command import content
from valve_clinic.evaluation.command import evaluate
from valve_clinic.handoff.command import handoff
from valve_clinic.insights.command import insights
from valve_clinic.insights.inbox_command import inbox
from valve_clinic.operations.command import backup, check, restore
from valve_clinic.privacy.command import privacy
from valve_clinic.problems import refuse
from valve_clinic.safety.command import safety


@click.group()
@click.version_option(__version__, prog_name="valve-clinic")
def main() -> None:
    """Run and look after the Valve Clinic chatbot."""
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")


main.add_command(agents)
main.add_command(content)
main.add_command(evaluate)
main.add_command(handoff)
main.add_command(inbox)
main.add_command(insights)
main.add_command(privacy)
main.add_command(safety)
main.add_command(check)
main.add_command(backup)
main.add_command(restore)


@main.command()
def serve() -> None:
    """Start the server: loads the content, trains when there is no model, prints the address when it is ready."""
    from valve_clinic import serving

    try:
        serving.serve()
    except serving.StartError as error:
        for line in str(error).splitlines():
            click.echo(f"Cannot start: {line}", err=True)
        sys.exit(1)
    serving.leave()


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
@click.option("--trust", is_flag=True, help="Write its hash beside it: for a model that was trained here before.")
def model(trust: bool) -> None:
    """Print the path of the model that belongs to the present data."""
    from valve_clinic import training
    from valve_clinic.operations import manifest

    path = training.model_path()
    if trust and not path.is_file():
        click.echo(f"There is no model at {path}; run: valve-clinic train", err=True)
        sys.exit(1)
    if trust:
        manifest.write(path)
    click.echo(str(path))


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
    refuse(problems)
    click.echo(f"{len(messages)} training messages: nothing wrong")


@data.command("doubles")
def data_doubles() -> None:
    """Fail on messages of one intent that are nearly the same by meaning and letters."""
    from valve_clinic import training_data, training_doubles

    messages = training_data.read()
    pairs = training_doubles.find(messages)
    refuse(f"{later.place}: nearly the same as {earlier.place}: {later.text!r}" for later, earlier in pairs)
    click.echo(f"{len(messages)} training messages: no two are nearly the same by meaning and letters")


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

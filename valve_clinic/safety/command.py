"""`valve-clinic safety …`: checks the signs, and tries them on a message."""

from __future__ import annotations

import sys

import click

from valve_clinic.problems import refuse


@click.group()
def safety() -> None:
    """Check and try the danger signs."""


@safety.command("check")
def check() -> None:
    """Try every example of signs.yml, and look up the facts and texts that it names."""
    from valve_clinic.safety import check as checks
    from valve_clinic.safety import signs

    refuse(checks.check())
    click.echo(f"{len(signs.read().signs)} danger signs: nothing wrong")


@safety.command("try")
@click.argument("text")
def try_text(text: str) -> None:
    """Say which signs are found in TEXT, and at which level; the models are not asked."""
    from valve_clinic.safety import matcher

    found, cues = matcher.shared().find(text)
    for item in found:
        click.echo(f"{item.level.name.lower():8}  {item.sign.id}: {item.sign.name}")
    click.echo(f"signs found: {len(found)}; cues: {', '.join(sorted(cues)) or 'none'}")


@safety.command("measure")
@click.option("--misses", is_flag=True, help="Print the emergencies and crises that were missed, too.")
@click.option("--exam", is_flag=True, help="On the messages that nothing was weighed on: tests/nlu/exam_*.yml.")
def measure(misses: bool, exam: bool) -> None:
    """Measure triage on tests/nlu/safety_*.yml against the gates; fails when one is not reached."""
    from valve_clinic import training
    from valve_clinic.evaluation import predictions
    from valve_clinic.safety import measure as measuring

    with predictions.parser(training.model_path()) as parse:
        kind = measuring.EXAM if exam else measuring.WEIGHED
        gates, sets = measuring.measure(parse, kind=kind)
    for gate in gates:
        click.echo(("ok    " if gate.passed else "MISS  ") + gate.line())
    for name, wanted in ((f"{kind}_emergencies", "act or check"), (f"{kind}_crises", "crisis")):
        for item in sets[name] if misses else []:
            if item.assessment.level.name.lower() not in wanted:
                click.echo(f"{name}: {item.assessment.level.name.lower()}: {item.text}")
    if not all(gate.passed for gate in gates):
        sys.exit(1)

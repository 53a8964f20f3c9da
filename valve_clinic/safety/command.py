"""`valve-clinic safety …`: checks the signs, and tries them on a message."""

from __future__ import annotations

import sys

import click


@click.group()
def safety() -> None:
    """Check and try the danger signs."""


@safety.command("check")
def check() -> None:
    """Try every example of signs.yml, and look up the facts and texts that it names."""
    from valve_clinic.safety import check as checks
    from valve_clinic.safety import signs

    problems = checks.check()
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        sys.exit(1)
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
def measure(misses: bool) -> None:
    """Measure triage on tests/nlu/safety_*.yml against the gates; fails when one is not reached."""
    from valve_clinic import training
    from valve_clinic.evaluation import predictions
    from valve_clinic.safety import measure as measuring

    with predictions.parser(training.model_path()) as parse:
        gates, sets = measuring.measure(parse)
    for gate in gates:
        click.echo(("ok    " if gate.passed else "MISS  ") + gate.line())
    for name, kind in (("safety_emergencies", "act or check"), ("safety_crises", "crisis")):
        for item in sets[name] if misses else []:
            if item.assessment.level.name.lower() not in kind:
                click.echo(f"{name}: {item.assessment.level.name.lower()}: {item.text}")
    if not all(gate.passed for gate in gates):
        sys.exit(1)

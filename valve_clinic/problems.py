"""How a command says what is wrong, and ends."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click


def refuse(problems: Iterable[object], after: str = "") -> None:
    """Print each problem on standard error, then `after`, and end with code 1; does nothing when there is none."""
    lines = [str(problem) for problem in problems]
    if not lines:
        return
    for line in [*lines, after] if after else lines:
        click.echo(line, err=True)
    sys.exit(1)

"""The trained model, which reads messages as the server would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support import train

from valve_clinic import training
from valve_clinic.evaluation import predictions


@pytest.fixture(scope="module")
def parse() -> Iterator[Any]:
    train()
    with predictions.parser(training.model_path()) as parser:
        yield parser

"""The server does without libraries that nothing calls, and only where nothing can."""

from __future__ import annotations

import subprocess
import sys

import pytest
import yaml

from valve_clinic import lean_start, paths

SCRIPT = """
import sys, warnings
warnings.simplefilter("ignore")
from valve_clinic import lean_start
left_out = lean_start.install()
assert lean_start.install() == left_out
import rasa.core.run
from rasa.core.channels.telegram import TelegramOutput
from rasa.utils.tensorflow.models import RasaModel
assert "tensorflow.python" not in sys.modules and not isinstance(RasaModel, lean_start._StandIn)
for make in (RasaModel, TelegramOutput, sys.modules["tensorflow"].constant):
    try:
        make("anything")
    except lean_start.LeftOutError as error:
        assert "lean_start.py" in str(error)
    else:
        raise SystemExit(f"{make} could be made")
print(*sorted(left_out))
"""


def test_rasa_is_imported_without_tensorflow_and_whatever_calls_it_is_told_so() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=paths.ROOT, capture_output=True, text=True, check=False, timeout=250
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "tensorflow" in done.stdout.split()
    assert "aiogram" in done.stdout.split()


def test_the_configuration_as_it_is_delivered_needs_no_tensorflow() -> None:
    assert lean_start._is_lean(yaml.safe_load(paths.CONFIG_FILE.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "config",
    [
        {"pipeline": [{"name": "SpacyNLP"}, {"name": "DIETClassifier"}], "policies": [{"name": "RulePolicy"}]},
        {"pipeline": [{"name": "SpacyNLP"}], "policies": [{"name": "TEDPolicy"}]},
        {"pipeline": [{"name": "somebody.elses.Component"}], "policies": []},
        {"pipeline": None, "policies": []},
        {},
        None,
    ],
)
def test_with_a_component_that_may_need_tensorflow_it_is_there(config: object) -> None:
    assert not lean_start._is_lean(config)

"""The command: what it writes where, and how it ends. The model is not run: its predictions are made by hand."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from valve_clinic import cli, paths, training
from valve_clinic.evaluation import messages, talks
from valve_clinic.evaluation import predictions as parsing
from valve_clinic.evaluation.predictions import Prediction

OTHER = (
    "- text: why do I have it\n  intent: ask_causes\n  slices: [plain]\n- text: what of a bus\n  intent: out_of_scope\n"
)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("RASA_TELEMETRY_ENABLED", "TF_CPP_MIN_LOG_LEVEL", "SQLALCHEMY_SILENCE_UBER_WARNING"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setattr(paths, "VAR", tmp_path / "var")
    (tmp_path / "made.tar.gz").write_bytes(b"model")
    monkeypatch.setattr(training, "model_path", lambda: tmp_path / "made.tar.gz")

    def parse_all(model: Path, labelled: list[messages.LabelledMessage]) -> list[Prediction]:
        return [Prediction(message, "ask_causes", (("ask_causes", 0.9),), 0.01) for message in labelled]

    monkeypatch.setattr(parsing, "parse_all", parse_all)
    monkeypatch.setattr(
        talks, "bot", lambda _model: nullcontext(lambda _messages: [talks.Reply("answer", "ask_causes")])
    )


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.main, ["evaluate", *map(str, arguments)])


def test_the_document_names_the_command_and_the_data(tmp_path):
    result = run("--out", tmp_path / "docs")
    assert result.exit_code == 0, result.output
    text = (tmp_path / "docs" / "understanding.md").read_text(encoding="utf-8")
    assert "`valve-clinic evaluate --data tests/nlu/held_out.yml --out docs`" in text
    assert "`made.tar.gz`" in text
    assert str(tmp_path) not in text
    assert len(list((tmp_path / "docs" / "images").glob("understanding-*.png"))) == 3
    assert json.loads((tmp_path / "var" / "evaluation.json").read_text())["origin"]["own_data"] is True
    assert "| in scope: right intent first |" in result.stdout
    assert "| two questions in one message: both answered |" in text
    assert "## Threshold" in text
    kept = json.loads((tmp_path / "docs" / "understanding.json").read_text())
    assert kept == json.loads((tmp_path / "var" / "evaluation.json").read_text())


def test_other_messages_leave_the_document_alone(tmp_path):
    before = {path: path.read_bytes() for path in (paths.ROOT / "docs").rglob("understanding*")}
    (tmp_path / "other.yml").write_text(OTHER)
    result = run("--data", tmp_path / "other.yml")
    assert result.exit_code == 0, result.output
    text = (tmp_path / "var" / "evaluation-other.md").read_text(encoding="utf-8")
    assert "`valve-clinic evaluate --data other.yml`" in text
    assert "| plain | 1.000 |" in result.stdout
    assert "why do I have it" not in text + result.output
    assert {path: path.read_bytes() for path in (paths.ROOT / "docs").rglob("understanding*")} == before


def test_the_evaluation_that_is_replaced_can_be_compared_with(tmp_path):
    (tmp_path / "other.yml").write_text(OTHER)
    run("--data", tmp_path / "other.yml")
    (tmp_path / "other.yml").write_text(OTHER.replace("ask_causes", "ask_risks"))
    result = run("--data", tmp_path / "other.yml", "--compare", tmp_path / "var" / "evaluation.json")
    assert result.exit_code == 0, result.output
    assert "2 intents moved:" in result.stdout
    assert "The messages are not the same" in result.stdout


def test_without_a_model_it_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(training, "model_path", lambda: tmp_path / "none.tar.gz")
    result = run()
    assert result.exit_code == 1
    assert "Run `make train` first." in result.stderr


def test_bad_messages_are_said_and_nothing_is_written(tmp_path):
    (tmp_path / "bad.yml").write_text("- text: a\n")
    result = run("--data", tmp_path / "bad.yml")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "bad.yml:1: intent is missing" in result.stderr
    assert not (tmp_path / "var" / "evaluation.json").exists()


def test_a_comparison_with_nothing_ends_before_parsing(tmp_path):
    result = run("--compare", tmp_path / "none.json")
    assert result.exit_code == 1
    assert "none.json: No such file" in result.stderr

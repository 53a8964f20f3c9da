"""A model belongs to the files it was made from."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from valve_clinic import paths, training

FILES = {
    "config.yml": "pipeline",
    "domain.yml": "intents",
    "data/rules.yml": "rules",
    "data/nlu/ask_causes.yml": "messages",
    "valve_clinic/nlu/encoder.py": "code",
    "valve_clinic/nlu/questions.yml": "rules",
    "valve_clinic/nlu/clinic_en/entity_ruler/patterns.jsonl": "phrases",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("name", FILES)
def test_a_change_of_any_input_changes_the_fingerprint(root, name):
    before = training.fingerprint(root)
    (root / name).write_text(FILES[name] + " changed")
    assert training.fingerprint(root) != before
    (root / name).write_text(FILES[name])
    assert training.fingerprint(root) == before


def test_a_new_a_renamed_and_a_removed_file_change_the_fingerprint(root):
    seen = [training.fingerprint(root)]
    (root / "data/nlu/ask_new.yml").write_text("messages")
    seen.append(training.fingerprint(root))
    (root / "data/nlu/ask_new.yml").rename(root / "data/nlu/ask_newer.yml")
    seen.append(training.fingerprint(root))
    (root / "data/nlu/ask_causes.yml").unlink()
    seen.append(training.fingerprint(root))
    assert len(set(seen)) == 4


@pytest.mark.parametrize("name", ["README.md", "content/ask_causes.yml", "data/notes.txt", "actions/answer.py"])
def test_what_a_model_is_not_made_from_does_not_matter(root, name):
    before = training.fingerprint(root)
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text("something")
    assert training.fingerprint(root) == before


def test_text_that_moves_from_one_file_to_the_next_changes_the_fingerprint(root):
    before = training.fingerprint(root)
    (root / "config.yml").write_text("pipelinedomain.yml")
    (root / "domain.yml").write_text("intents")
    assert training.fingerprint(root) != before


def test_the_model_is_named_after_the_fingerprint(root):
    assert training.model_path(root) == root / "models" / f"valve-clinic-{training.fingerprint(root)[:12]}.tar.gz"


def test_the_real_inputs_are_all_found():
    for pattern in training._INPUTS:
        assert any(paths.ROOT.glob(pattern)), pattern


@pytest.mark.parametrize(("code", "makes"), [(1, True), (0, False)])
def test_training_that_fails_or_makes_nothing_is_an_error(tmp_path, monkeypatch, code, makes):
    target = tmp_path / "valve-clinic-abc.tar.gz"

    def train(**options: object) -> SimpleNamespace:
        assert (options["output"], options["fixed_model_name"]) == (str(tmp_path), "valve-clinic-abc")
        if makes:
            target.write_text("model")
        return SimpleNamespace(code=code)

    monkeypatch.setenv("RASA_TELEMETRY_ENABLED", "true")
    monkeypatch.setitem(sys.modules, "rasa", SimpleNamespace(train=train))
    with pytest.raises(RuntimeError, match=f"training ended with code {code} and made no model at .*-abc.tar.gz"):
        training.train(target, lambda _line: None)


def test_training_that_succeeds_leaves_the_model(tmp_path, monkeypatch):
    target = tmp_path / "valve-clinic-abc.tar.gz"

    def train(**_options: object) -> SimpleNamespace:
        target.write_text("model")
        return SimpleNamespace(code=0)

    monkeypatch.setenv("RASA_TELEMETRY_ENABLED", "true")
    monkeypatch.setitem(sys.modules, "rasa", SimpleNamespace(train=train))
    training.train(target, lambda _line: None)
    assert target.read_text() == "model"


def test_the_lines_on_the_progress_of_the_tuning_are_told(tmp_path, monkeypatch):
    from valve_clinic.nlu import teaching

    target = tmp_path / "valve-clinic-abc.tar.gz"

    def train(**_options: object) -> SimpleNamespace:
        teaching.logger.info("tuning the encoder: step %d of %d", 5, 10)
        target.write_text("model")
        return SimpleNamespace(code=0)

    monkeypatch.setenv("RASA_TELEMETRY_ENABLED", "true")
    monkeypatch.setitem(sys.modules, "rasa", SimpleNamespace(train=train))
    told: list[str] = []
    training.train(target, told.append)
    assert told == ["tuning the encoder: step 5 of 10"]

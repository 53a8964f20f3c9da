"""The project's own command: what it prints and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from valve_clinic import __version__, cli, paths, training, training_data
from valve_clinic.content import checking, loader
from valve_clinic.content.parsed import Parsed
from valve_clinic.content.problems import ContentError, Problem
from valve_clinic.content.store import ContentStore
from valve_clinic.database import make_engine
from valve_clinic.nlu import language


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, quick_reading: None) -> None:
    """Keep the command's own settings out of the other tests, and the real databases out of these."""
    for name in ("RASA_TELEMETRY_ENABLED", "TF_CPP_MIN_LOG_LEVEL", "SQLALCHEMY_SILENCE_UBER_WARNING"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("CONTENT_DATABASE_URL", f"sqlite:///{tmp_path}/content.db")


@pytest.fixture
def broken_content(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = [Problem(Path("content/a.yml"), 3, "is wrong"), Problem(Path("content/b.yml"), 7, "is wrong too")]

    def load_checked() -> loader.Content:
        raise ContentError(problems)

    monkeypatch.setattr(checking, "load_checked", load_checked)
    report = checking.Report(Parsed(Path("content"), Path("content")), problems, [])
    monkeypatch.setattr(checking, "check_all", lambda: [report])


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, list(arguments))


def served(tmp_path: Path) -> str | None:
    store = ContentStore(make_engine(f"sqlite:///{tmp_path}/content.db"))
    digest = store.digest()
    store.close()
    return digest


def test_content_check_counts_what_is_right(real_content, monkeypatch):
    monkeypatch.setattr(checking, "check_all", lambda: [checking.Report(real_content.parsed, [], [])])
    result = run("content", "check")
    texts = sum(len(topic.answers) for topic in real_content.topics.values())
    assert result.exit_code == 0
    assert result.stdout == (
        f"{len(real_content.topics)} topics with {texts} texts and {len(real_content.facts)} facts: nothing wrong\n"
    )


def test_content_check_shows_words_and_grade_of_every_text(real_content, monkeypatch):
    monkeypatch.setattr(checking, "check_all", lambda: [checking.Report(real_content.parsed, [], [])])
    result = run("content", "check", "--figures")
    head, *rows, last = result.stdout.splitlines()
    assert head.split() == ["text", "words", "grade", "short:", "words", "grade"]
    assert len(rows) == sum(len(topic.answers) for topic in real_content.topics.values())
    row = next(row.split() for row in rows if row.startswith("ask_recovery_time procedure=surgery"))
    (answer,) = [a for a in real_content.topics["ask_recovery_time"].answers if a.variant == {"procedure": "surgery"}]
    assert (row[2], row[4]) == (str(len(answer.text.split())), str(len(answer.short.split())))
    assert 0 < float(row[3]) <= 7
    assert last.endswith("nothing wrong")


def test_an_overdue_review_is_a_warning_that_fails_only_a_strict_check(real_content, monkeypatch):
    overdue = Problem(Path("content/ask_risks.yml"), 6, "the review was due on 2026-01-01; the text is still served")
    monkeypatch.setattr(checking, "check_all", lambda: [checking.Report(real_content.parsed, [], [overdue])])
    calm, strict = run("content", "check"), run("content", "check", "--strict")
    assert (calm.exit_code, strict.exit_code) == (0, 1)
    assert (
        calm.stderr == "warning: content/ask_risks.yml:6: the review was due on 2026-01-01; the text is still served\n"
    )
    assert "overdue reviews (--strict)" in strict.stderr
    assert strict.stdout == ""


def test_content_check_of_a_folder_checks_that_folder_with_the_data_around_it(real_content, monkeypatch):
    asked = []

    def check(folder, base):
        asked.append((folder.name, base.name))
        return checking.Report(real_content.parsed, [], [])

    monkeypatch.setattr(checking, "check", check)
    assert run("content", "check", "--folder", str(paths.CONTENT / "es")).exit_code == 0
    assert run("content", "check", "--folder", str(paths.CONTENT)).exit_code == 0
    assert asked == [("es", "content"), ("content", "content")]
    assert run("content", "check", "--folder", "/nowhere").exit_code == 2


@pytest.mark.usefixtures("broken_content")
def test_content_check_prints_every_problem_and_fails():
    result = run("content", "check")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "content/a.yml:3: is wrong\ncontent/b.yml:7: is wrong too\n"


def test_content_load_serves_the_files(tmp_path, real_content):
    result = run("content", "load")
    assert result.exit_code == 0, result.stderr
    *new, last = result.stdout.splitlines()
    assert len(new) == len(real_content.everything), "each topic's first revision is named"
    assert last == f"{len(real_content.topics)} topics are served"
    assert served(tmp_path) == real_content.digest


def test_the_first_content_load_does_not_say_that_nothing_changed():
    assert "the same already" not in run("content", "load").stdout


def test_content_load_says_when_the_answers_changed_and_when_not(tmp_path, sample_content, sample_store, monkeypatch):
    monkeypatch.setenv("CONTENT_DATABASE_URL", f"sqlite:///{tmp_path}/sample.db")
    assert run("content", "load").stdout.endswith("are served\n")
    assert run("content", "load").stdout.endswith("are served; they were the same already\n")
    assert sample_store.digest() != sample_content.digest


@pytest.mark.usefixtures("broken_content")
def test_content_load_of_broken_files_changes_nothing(tmp_path, sample_store, monkeypatch):
    monkeypatch.setenv("CONTENT_DATABASE_URL", f"sqlite:///{tmp_path}/sample.db")
    result = run("content", "load")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "Nothing was loaded; the answers stay as they were."
    assert "content/b.yml:7: is wrong too" in result.stderr
    assert sample_store.digest() == "first"


def test_data_check_counts_the_messages(monkeypatch):
    monkeypatch.setattr(training_data, "check", lambda _messages: [])
    result = run("data", "check")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{len(training_data.read())} training messages: nothing wrong\n"


def test_data_check_prints_every_problem_and_fails(monkeypatch):
    monkeypatch.setattr(training_data, "check", lambda _messages: ["one", "two"])
    result = run("data", "check")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "one\ntwo\n")


def test_model_prints_the_path_of_the_present_datas_model():
    assert run("model").stdout == f"{training.model_path()}\n"


@pytest.mark.parametrize(("current", "code"), [(True, 0), (False, 1)])
def test_language_check_fails_when_the_pipeline_is_old(monkeypatch, current, code):
    monkeypatch.setattr(language, "is_current", lambda: current)
    result = run("language", "check")
    assert result.exit_code == code
    assert ("run `valve-clinic language build`" in result.stderr) is not current


def test_language_build_says_how_many_phrases_there_are(monkeypatch, tmp_path):
    build = language.build
    monkeypatch.setattr(language, "build", lambda: build(tmp_path / "language"))
    assert run("language", "build").stdout.endswith(f": {len(language.read_vocabulary())} phrases\n")


def test_train_keeps_a_model_that_is_there(monkeypatch, tmp_path):
    target = tmp_path / "model.tar.gz"
    trained = []
    monkeypatch.setattr(training, "model_path", lambda: target)
    monkeypatch.setattr(training, "train", lambda path, _tell: trained.append(path) or path.write_text("model"))
    assert run("train").stdout == f"Trained {target}\n"
    assert run("train").stdout == f"The model of this data is there already: {target}\n"
    assert run("train", "--force").stdout == f"Trained {target}\n"
    assert trained == [target, target]


def test_serve_that_cannot_start_says_why_in_one_line(monkeypatch):
    from valve_clinic import serving

    def serve() -> None:
        raise serving.StartError("the port is taken")

    monkeypatch.setattr(serving, "serve", serve)
    result = run("serve")
    assert (result.exit_code, result.stderr) == (1, "Cannot start: the port is taken\n")


def test_the_version_is_told():
    assert run("--version").stdout == f"valve-clinic, version {__version__}\n"

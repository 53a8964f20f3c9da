"""`valve-clinic content …`: what it prints, how it ends, and that no restore is undone by accident."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from valve_clinic import cli, paths, serving
from valve_clinic.content import checking, loader, schema, write_back, yaml_file
from valve_clinic.content.store import ContentStore
from valve_clinic.database import make_engine

TOPIC = "ask_prolapse"
OLD, NEW = "Most need no treatment.", "Some need no treatment."


@pytest.fixture(autouse=True)
def _place(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "CONTENT", folder)
    monkeypatch.setenv("CONTENT_DATABASE_URL", f"sqlite:///{tmp_path}/content.db")
    load, load_checked = loader.load_files, checking.load_checked
    monkeypatch.setattr(loader, "load_files", lambda place=folder: load(place))
    monkeypatch.setattr(checking, "load_checked", lambda place=folder: load_checked(place))


@pytest.fixture
def file(folder: Path) -> Path:
    return folder / f"{TOPIC}.yml"


@pytest.fixture
def edit(file: Path) -> Callable[[str, str], None]:
    def change(old: str, new: str) -> None:
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    return change


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, ["content", *arguments])


def ids() -> list[int]:
    return [int(line.split()[0]) for line in run("history", TOPIC).stdout.splitlines()]


def test_diff_says_in_one_line_that_nothing_differs() -> None:
    assert "nothing is served yet" in run("diff").stderr
    run("load")
    result = run("diff")
    assert (result.exit_code, result.stdout) == (0, "The files say what is served; nothing differs.\n")


def test_diff_names_topic_variant_and_paragraph_and_shows_the_sentence(edit) -> None:
    run("load")
    edit(OLD, NEW)
    for result in (run("diff"), run("diff", TOPIC)):
        assert result.exit_code == 1
        lines = result.stdout.splitlines()
        assert lines[0].startswith(f"--- {TOPIC}: served (revision ")
        assert lines[1] == f"+++ {TOPIC}: content/{TOPIC}.yml"
        assert lines[2] == "@@ default text, paragraph 2 @@"
        assert f"-{OLD}" in lines
        assert f"+{NEW}" in lines
    assert run("diff", "ask_causes").exit_code == 0
    assert run("diff", "ask_nothing").exit_code == 1


def test_history_lists_who_when_why_and_what_is_served(edit) -> None:
    run("load", "--by", "Ann", "--reason", "the first")
    edit(OLD, NEW)
    result = run("load", "--by", "Bob", "--reason", "clearer")
    assert f"new: {TOPIC}, revision " in result.stdout
    newer, older = run("history", TOPIC).stdout.splitlines()
    assert "  Bob  served  " in newer
    assert newer.endswith("  clearer")
    assert "  Ann  not served  " in older
    assert "has no revision" in run("history", "ask_nothing").stderr


def test_a_load_has_the_account_or_git_and_no_reason_by_default() -> None:
    run("load")
    (line,) = run("history", TOPIC).stdout.splitlines()
    assert line.endswith("  not given")
    assert "  unknown  " not in line


def test_a_revision_is_printed_with_its_text() -> None:
    run("load")
    (number,) = ids()
    shown = run("revision", str(number)).stdout
    assert f"Revision {number} of {TOPIC}" in shown
    assert f"  {OLD}" in shown
    assert run("revision", "9999").exit_code == 1
    assert f"{TOPIC}  {number}" in run("served").stdout


def test_a_restore_is_not_undone_by_the_next_load_until_the_file_is_written_back(edit, file) -> None:
    run("load")
    first_text = file.read_text(encoding="utf-8")
    edit(OLD, NEW)
    run("load")
    newer, older = ids()
    restored = run("restore", str(older), "--by", "Cem", "--reason", "wrong")
    assert restored.exit_code == 0, restored.stderr
    assert f"Revision {older} of {TOPIC} is served." in restored.stdout
    assert f"restore {older} --write" in restored.stdout
    refused = run("load")
    assert refused.exit_code == 1
    assert "would undo that" in refused.stderr
    assert "Nothing was loaded" in refused.stderr
    assert "served, restored" in run("history", TOPIC).stdout
    written = run("restore", str(older), "--write")
    assert written.exit_code == 0, written.stderr
    assert yaml_file.read(file).data == yaml_file.read(Path(paths.ROOT / "content" / file.name)).data
    assert file.read_text(encoding="utf-8").splitlines()[0] == first_text.splitlines()[0], "the comment stays"
    assert run("load").exit_code == 0
    assert "restored" not in run("history", TOPIC).stdout
    assert newer > older


def test_a_restore_can_be_undone_on_purpose(edit) -> None:
    run("load")
    edit(OLD, NEW)
    run("load")
    run("restore", str(ids()[1]))
    assert run("load", "--undo-restore", TOPIC).exit_code == 0
    assert run("diff").exit_code == 0


def test_a_start_leaves_what_was_restored(edit, tmp_path, capsys) -> None:
    run("load")
    edit(OLD, NEW)
    run("load")
    older = ids()[1]
    run("restore", str(older))
    serving._load_content()
    assert f"revision {older} was restored and stays" in "".join(capsys.readouterr())
    store = ContentStore(make_engine(f"sqlite:///{tmp_path}/content.db"))
    assert store.answer(TOPIC).revision == older
    store.close()


def test_a_file_that_would_be_wrong_is_found_before_anything_is_served(edit, folder) -> None:
    run("load")
    edit(OLD, NEW)
    run("load")
    newer, older = ids()
    for name in ("ask_surgery.yml",):
        (folder / name).unlink()  # the revision's follow-up leads nowhere now
    result = run("restore", str(older), "--write")
    assert result.exit_code == 1
    assert "ask_surgery is not another topic" in result.stderr
    assert "Nothing was changed." in result.stderr
    assert f"{newer}  " in next(line for line in run("history", TOPIC).stdout.splitlines() if "  served  " in line)


def test_every_topic_can_be_written_back_over_its_file_and_as_a_new_one(real_content, folder) -> None:
    for topic in real_content.topics.values():
        file = folder / f"{topic.id}.yml"
        assert yaml_file.read(file).data, file
        for place in (file, folder / "none.yml"):
            target = folder / "written.yml"
            target.write_text(write_back.render(topic, place), encoding="utf-8")
            assert schema.Topic.parse_obj(yaml_file.read(target).data) == topic


def test_a_start_puts_nothing_in_service_that_breaks_a_rule(edit, tmp_path) -> None:
    edit(OLD, "This treatment is guaranteed to help.")
    with pytest.raises(serving.StartError, match=rf"the answers are not right: .*{TOPIC}\.yml:\d+: 'guaranteed"):
        serving._load_content()
    store = ContentStore(make_engine(f"sqlite:///{tmp_path}/content.db"))
    assert store.digest() is None
    store.close()

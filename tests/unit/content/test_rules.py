"""Each editorial rule: an edit that breaks it is refused with file, line, reason and how to mend it."""

from __future__ import annotations

import datetime
import json
import time
from pathlib import Path

import jsonschema
import pytest
import yaml

from valve_clinic import paths
from valve_clinic.content import checking, house_rules, json_schema, loader
from valve_clinic.content.problems import ContentError, Problem
from valve_clinic.content.rules import reachable

CLIP = "After MitraClip, our page says people usually leave the hospital within 2 to 3 days."


def edit(folder: Path, name: str, old: str, new: str) -> int:
    """Replace `old` in the file; return the line on which it began."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {name}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def assert_refused(folder: Path, name: str, reason: str, near: int | None = None) -> Problem:
    found = checking.check(folder).problems
    fitting = [problem for problem in found if problem.file == folder / name and reason in problem.message]
    assert fitting, f"expected {name}: …{reason}…, got:\n" + "\n".join(map(str, found))
    assert fitting[0].mend
    if near is not None:
        assert 0 <= near - fitting[0].line <= 2, f"{fitting[0]} is not near line {near}"
    return fitting[0]


def test_the_real_content_passes_every_rule_within_five_seconds_of_processor_time() -> None:
    start = time.process_time()
    report = checking.check(paths.CONTENT)
    assert report.problems == []
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("name", "old", "new", "reason"),
    [
        pytest.param(
            "ask_recovery_time.yml",
            CLIP,
            "Hospitalization following transcatheter intervention necessitates approximately 2 to 3 days, contingent "
            "upon individual physiological considerations, comorbidities, institutional circumstances and "
            "multidisciplinary postoperative cardiological evaluation, notwithstanding considerable variability "
            "characterizing rehabilitation, convalescence, ambulation and generalized functional independence.",
            "reads at grade",
            id="grade",
        ),
        pytest.param(
            "ask_risks.yml", "partly loose. Some", "partly loose. You may get AFib. Some", "'AFib'", id="term"
        ),
        pytest.param("ask_results.yml", "No result is sure.", "It is safe.", "promises no safety", id="safe"),
        pytest.param("ask_eligibility.yml", "It gives no age limit.", "You qualify.", "decides nothing", id="qualify"),
        pytest.param("ask_eligibility.yml", "some people", "5 mg for some people", "names no dose", id="dose"),
        pytest.param(
            "ask_preparation.yml", "Do not stop one", "Stop your blood thinner", "start, stop or change", id="stop"
        ),
        pytest.param("ask_results.yml", "No result is sure.", "It is guaranteed.", "no result is sure", id="guarantee"),
        pytest.param(
            "ask_recovery_time.yml", "for 3 to 7 days", "for 3 to 9 days", "the number 9 stands in", id="number"
        ),
        pytest.param(
            "ask_recovery_time.yml", "2 to 3 days in", "1 to 3 days in", "no longer says", id="required short"
        ),
        pytest.param(
            "ask_mitraclip.yml",
            "heart is not stopped",
            "heart goes on",
            "no longer says: the chest",
            id="required text",
        ),
        pytest.param("ask_mitraclip.yml", "a leg vein", "an arm", "vein in the leg", id="required way"),
        pytest.param(
            "ask_mitraclip.yml", "[mitraclip-02, mitraclip-03]", "[mitraclip-03]", "no longer cited", id="required fact"
        ),
        pytest.param("book_appointment.yml", "call {phone}.", "ring us.", "phone number", id="required phone"),
        pytest.param(
            "ask_recovery_time.yml",
            "- variant: {procedure: mitraclip}",
            "- variant: {severity: mild}",
            "the text for procedure=mitraclip is gone",
            id="required variant",
        ),
        pytest.param(
            "ask_results.yml",
            "No result is sure.",
            "See https://evil.example/x now.",
            "https://evil.example/x is not at an allowed host",
            id="link in a text",
        ),
        pytest.param(
            "clinic.yml", "Find a Provider, url: null", "Find, url: https://evil.example", "host", id="clinic"
        ),
        pytest.param(
            "ask_definition.yml",
            "Mayo Clinic compares the valve to a one-way door.",
            "The valve sits between the two chambers on the left side of the heart.",
            "is copied from the fact definition-03",
            id="copied",
        ),
        pytest.param(
            "ask_symptoms.yml",
            "reviewed: null",
            'reviewed: {role: "Nurse of the clinic", date: "2999-01-01"}',
            "lies in the future",
            id="review in the future",
        ),
        pytest.param("ask_symptoms.yml", "reviewed: null", "reviewed: yes, it was", "reviewed", id="review as a word"),
        pytest.param(
            "ask_symptoms.yml", "reviewed: null", 'reviewed: {date: "2026-01-01"}', "reviewed.role", id="no role"
        ),
    ],
)
def test_an_edit_that_breaks_a_rule_is_refused(folder: Path, name: str, old: str, new: str, reason: str) -> None:
    near = edit(folder, name, old, new)
    problem = assert_refused(folder, name, reason)
    assert problem.line <= near + 1
    with pytest.raises(ContentError):
        checking.load_checked(folder)


def test_a_draft_that_a_published_topic_leads_to_is_refused(folder: Path) -> None:
    edit(folder, "ask_prolapse.yml", "status: published", "status: draft")
    assert_refused(folder, "ask_causes.yml", "ask_prolapse is a draft")


def test_a_review_after_the_next_one_was_due_is_refused(folder: Path) -> None:
    edit(folder, "ask_symptoms.yml", "reviewed: null", 'reviewed: {role: "Nurse of the clinic", date: "2026-01-01"}')
    edit(folder, "ask_symptoms.yml", '"2027-05-23"', '"2025-05-23"')
    assert_refused(folder, "ask_symptoms.yml", "after the next review was due")


def test_a_statement_that_is_gone_names_both_files_and_lines(folder: Path) -> None:
    edit(folder, "ask_mitraclip.yml", "heart is not stopped", "heart goes on")
    problem = assert_refused(folder, "ask_mitraclip.yml", "no longer says")
    lines = (folder / "required.yml").read_text(encoding="utf-8").splitlines()
    line = lines.index("- says: the chest is not opened and the heart is not stopped") + 1
    assert f"content/required.yml:{line}, fact mitraclip-02" in problem.message


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("'It is risk-free.'", "'It is fine.'", "guarantee misses its own example"),
        ("'No result is sure.'", "'It is risk-free too.'", "guarantee finds what it must not find"),
        ("pattern: '\\b(guarantee", "pattern: '\\b((guarantee", "not a pattern"),
    ],
)
def test_a_pattern_that_fails_its_own_examples_is_refused(folder: Path, old: str, new: str, reason: str) -> None:
    edit(folder, "rules.yml", old, new)
    assert_refused(folder, "rules.yml", reason)


def test_a_statement_without_its_fact_or_topic_is_refused(folder: Path) -> None:
    edit(folder, "required.yml", "fact: definition-01", "fact: definition-99")
    edit(folder, "required.yml", "topic: ask_symptoms", "topic: ask_weather")
    assert_refused(folder, "required.yml", "no fact 'definition-99'")
    assert_refused(folder, "required.yml", "there is no topic ask_weather")


def test_a_source_at_a_host_that_is_not_allowed_is_refused(folder: Path) -> None:
    edit(folder, "rules.yml", "- www.mayoclinic.org\n", "")
    assert_refused(folder, "facts.yml", "is not at an allowed host")


@pytest.mark.parametrize(("missing", "reason"), [("nlu", "nobody can ask it"), ("rules", "nobody is answered")])
def test_a_topic_that_nobody_reaches_is_refused(folder: Path, tmp_path: Path, missing: str, reason: str) -> None:
    data = tmp_path / "data"
    (data / "nlu").mkdir(parents=True)
    parsed = loader.parse(folder)
    house = house_rules.read(parsed)
    assert house is not None
    for name in parsed.topics:
        (data / "nlu" / f"{name}.yml").write_text(f"nlu:\n- intent: {name}\n  examples: |\n    - a word\n")
    steps = "".join(f"  - intent: {name}\n" for name in parsed.topics)
    (data / "rules.yml").write_text(steps)
    (data / "stories.yml").write_text("")
    assert list(reachable.check(parsed, house, data)) == []
    if missing == "nlu":
        (data / "nlu" / "ask_risks.yml").unlink()
    else:
        (data / "rules.yml").write_text(steps.replace("  - intent: ask_risks\n", ""))
    (problem,) = reachable.check(parsed, house, data)
    assert (problem.file, reason in problem.message) == (folder / "ask_risks.yml", True)
    assert problem.mend


def test_an_overdue_review_is_a_warning_and_no_problem(folder: Path) -> None:
    edit(folder, "ask_symptoms.yml", '"2027-05-23"', '"2026-01-01"')
    report = checking.check(folder, today=datetime.date(2026, 1, 2))
    assert report.problems == []
    assert [(problem.file.name, problem.line) for problem in report.warnings] == [("ask_symptoms.yml", 6)]
    assert checking.check(folder, today=datetime.date(2026, 1, 1)).warnings == []


def test_a_folder_of_another_language_is_held_to_all_but_the_english_rules(folder: Path) -> None:
    (folder / "fr").mkdir()
    for name in ("ask_causes.yml", "ask_prolapse.yml", "ask_severity.yml"):
        (folder / "fr" / name).write_bytes((folder / name).read_bytes())
    edit(folder / "fr", "ask_causes.yml", "Does it run in families?", "It is safe, 77 of them say, with an echo.")
    found = [p.message for p in checking.check(folder / "fr", folder).problems if p.file.name == "ask_causes.yml"]
    assert any("the number 77" in message for message in found)
    assert not any("safe" in message or "echo" in message for message in found)


def test_the_schemas_in_the_folder_are_those_of_the_models() -> None:
    folder = paths.CONTENT / "schema"
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == json_schema.texts()


def test_every_content_file_names_its_schema_and_fits_it() -> None:
    for path in paths.CONTENT.glob("*.yml"):
        text = path.read_text(encoding="utf-8")
        kind = path.stem if path.name in loader.NOT_TOPICS else "topic"
        assert text.splitlines()[0] == f"# yaml-language-server: $schema=schema/{kind}.schema.json"
        jsonschema.validate(yaml.safe_load(text), json.loads(json_schema.texts()[f"{kind}.schema.json"]))


def test_a_schema_refuses_what_the_model_refuses() -> None:
    topic = yaml.safe_load((paths.CONTENT / "ask_risks.yml").read_text(encoding="utf-8"))
    validator = jsonschema.Draft7Validator(json.loads(json_schema.texts()["topic.schema.json"]))
    assert validator.is_valid(topic)
    assert not validator.is_valid({**topic, "titel": "x"})
    assert not validator.is_valid({**topic, "reviewed": "yes"})

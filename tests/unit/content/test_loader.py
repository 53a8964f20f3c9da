"""Each rule of the content: what breaks it is refused with file, line and reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from valve_clinic import paths
from valve_clinic.content import loader, schema
from valve_clinic.content.problems import ContentError, Problem

WORDS = " ".join(["word"] * 50)
#: A topic without a mistake: it takes the place of a real one, and a test makes one mistake in it.
TOPIC = f"""\
# a comment, so that the first key is not on the first line
id: ask_causes
title: Why does it leak
status: published
reviewed: null
review_due: "2027-05-23"
followups: [ask_prolapse, ask_severity]
handoff: null
answers:
- variant: null
  paragraphs:
  - text: >-
      First text. {WORDS}
    sources: [causes-01]
  - text: Second text is here.
    sources:
    - causes-01
    - causes-02
  short: The short form of it.
- variant: {{procedure: surgery}}
  paragraphs:  # of surgery
  - text: Surgery text. {WORDS}
    sources: [causes-01]
  short: The short form for surgery.
"""


def problems_of(folder: Path) -> list[Problem]:
    with pytest.raises(ContentError) as caught:
        loader.load_files(folder)
    return caught.value.problems


def line_with(path: Path, marker: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if marker in line)


def assert_refused(folder: Path, name: str, marker: str | int, reason: str) -> None:
    line = marker if isinstance(marker, int) else line_with(folder / name, marker)
    found = problems_of(folder)
    assert any(
        problem.file == folder / name and problem.line == line and reason in problem.message for problem in found
    ), f"expected {name}:{line}: …{reason}…, got:\n" + "\n".join(map(str, found))


def break_topic(folder: Path, old: str, new: str) -> None:
    assert old in TOPIC
    (folder / "ask_causes.yml").write_text(TOPIC.replace(old, new, 1), encoding="utf-8")


def break_file(folder: Path, name: str, pattern: str, new: str) -> None:
    path = folder / name
    text, count = re.subn(pattern, lambda _: new, path.read_text(encoding="utf-8"), count=1, flags=re.MULTILINE)
    assert count == 1, f"{pattern} is not in {name}"
    path.write_text(text, encoding="utf-8")


def test_the_real_content_has_nothing_wrong():
    content = loader.load_files()
    assert len(content.topics) == len(list(paths.CONTENT.glob("*.yml"))) - len(loader.NOT_TOPICS)


def test_the_topic_that_the_tests_break_is_right_before_it_is_broken(folder):
    break_topic(folder, TOPIC, TOPIC)
    assert loader.load_files(folder).topics["ask_causes"].title == "Why does it leak"


@pytest.mark.parametrize(
    ("old", "new", "marker", "reason"),
    [
        pytest.param("title:", "titel:", "titel:", "unknown key; check its spelling", id="misspelt key"),
        pytest.param("title:", "titel:", 1, "title: field required", id="missing key"),
        pytest.param("  short: The short form of it.\n", "", "- variant: null", "short: field required", id="no short"),
        pytest.param("    sources: [causes-01]\n", "", "- text: >-", "field required", id="paragraph without sources"),
        pytest.param("[causes-01]", "[]", "sources: []", "at least 1 item", id="empty sources"),
        pytest.param("status: published", "status: ready", "status:", "unexpected value", id="unknown status"),
        pytest.param('"2027-05-23"', "soon", "review_due:", "invalid date", id="review date is no date"),
        pytest.param("handoff: null", "handoff: fax", "handoff:", "unknown kind of hand-off 'fax'", id="hand-off"),
        pytest.param("handoff: null", "handoff: null\nlink: fax", "link:", "unknown link 'fax'", id="unknown link"),
        pytest.param(
            "handoff: null", "handoff: null\ncontext: {procedure: fax}", "context:", "unknown context", id="context"
        ),
        pytest.param("handoff: null", "handoff: null\nkind: joke", "kind:", "unexpected value", id="unknown kind"),
        pytest.param("variant: null", "variant: {severity: mild}", "answers:", "must be the default", id="no default"),
        pytest.param("{procedure: surgery}", "null", "answers:", "two texts for the same variant: default", id="twice"),
        pytest.param("{procedure: surgery}", "{}", "variant: {}", "an empty variant", id="empty variant"),
        pytest.param("{procedure: surgery}", "{age: old}", "{age", "unknown variant 'age'", id="unknown variant"),
        pytest.param("procedure: surgery", "procedure: tavr", "{procedure", "cannot be 'tavr'", id="unknown value"),
        pytest.param("- causes-02", "- causes-99", "causes-99", "no fact 'causes-99' in facts.yml", id="unknown fact"),
        pytest.param("First text.", "Call 501.552.3400.", "- text: >-", "a phone number is typed", id="typed phone"),
        pytest.param("Second text", "At (501) 552-3400", "At (501)", "a phone number is typed", id="phone in brackets"),
        pytest.param("Second text", "At 1-800-222-1222", "1-800", "a phone number is typed", id="toll-free phone"),
        pytest.param(
            "The short form of", "501-552-3400 for", "501-552", "a phone number is typed", id="phone in short"
        ),
        pytest.param("First text.", "At {fax}.", "- text: >-", "unknown placeholder {fax}", id="unknown placeholder"),
        pytest.param("of it.", "of {Phone}.", "{Phone}", "unknown placeholder {Phone}", id="placeholder in short"),
        pytest.param("Second text", "A <b>bold</b> text", "<b>", "markup is not shown", id="markup"),
        pytest.param(
            f"Surgery text. {WORDS}", "Too few words here.", "# of surgery", "it needs 40 to 130", id="too few words"
        ),
        pytest.param(f"Surgery text. {WORDS}", WORDS * 3, "# of surgery", "148 words", id="too many words"),
        pytest.param("The short form of", "word " * 45, "  short: word", "46 words; at most 45", id="short is long"),
        pytest.param("Why does it leak", "T" * 46, "title:", "at most 45 characters", id="title too long"),
        pytest.param("ask_severity]", "ask_weather]", "followups:", "ask_weather is not another topic", id="follow-up"),
        pytest.param("ask_severity]", "ask_causes]", "followups:", "ask_causes is not another topic", id="itself"),
        pytest.param(", ask_severity]", "]", "followups:", "at least 2 items", id="one follow-up"),
        pytest.param(
            "ask_severity]", "ask_severity, ask_results, ask_risks]", "followups:", "at most 3 items", id="four"
        ),
        pytest.param("id: ask_causes", "id: ask-causes", "id:", "does not match", id="id with a dash"),
        pytest.param("title: Why", 'title: "Why', "review_due:", "not valid YAML", id="open quote"),
        pytest.param(
            "reviewed: null", "reviewed: null\ntitle: Twice", "title: Twice", "not valid YAML", id="key twice"
        ),
        pytest.param("reviewed: null", "reviewed: null\n\ttab: x", "tab: x", "not valid YAML", id="tab"),
        pytest.param(TOPIC, "- a\n- list\n", 1, "must be a mapping", id="a list"),
        pytest.param(TOPIC, "", 1, "must be a mapping", id="empty file"),
    ],
)
def test_a_mistake_in_a_topic_is_refused(folder, old, new, marker, reason):
    break_topic(folder, old, new)
    assert_refused(folder, "ask_causes.yml", marker, reason)


def test_a_title_that_another_topic_has_is_refused(folder, real_content):
    break_topic(folder, "Why does it leak", real_content.topics["ask_capabilities"].title.upper())
    assert_refused(folder, "ask_causes.yml", "title:", "the title is the same as that of ask_capabilities")


@pytest.mark.parametrize(
    ("pattern", "new", "reason"),
    [
        pytest.param("^hours:.*$", 'hours: {mon: ["8:00-16:30"]}', "is not a span", id="hour of one digit"),
        pytest.param("^hours:.*$", 'hours: {mon: ["16:30-08:00"]}', "is not a span", id="backwards"),
        pytest.param("^hours:.*$", 'hours: {mon: ["08:00-24:30"]}', "is not a span", id="after midnight"),
        pytest.param("^hours:.*$", 'hours: {monday: ["08:00-16:30"]}', "unknown day 'monday'", id="unknown day"),
        pytest.param("^hours:.*$", 'hours: {mon: ["12:00-16:00", "08:00-12:30"]}', "12:00-16:00 overlap", id="overlap"),
        pytest.param("^hours:.*$", 'hours: {mon: ["24:00-24:00"]}', "is not a span", id="begins at the end"),
        pytest.param("^time_zone:.*$", "time_zone: America/Nowhere", "unknown time zone", id="unknown zone"),
        pytest.param("^time_zone:.*$", "time_zone: ../../etc/passwd", "unknown time zone", id="no zone at all"),
        pytest.param("^holidays:.*$", "holidays: [20261225]", "invalid date", id="holiday is a number"),
        pytest.param("^holidays:.*$", 'holidays: ["2026-02-30"]', "invalid date", id="no such day"),
        pytest.param("^holidays:.*$", "holidays: [2026-12-25, 2026-12-25]", "stands twice", id="holiday twice"),
        pytest.param("^    words:.*$", "    words: []", "go together", id="a kind without words"),
        pytest.param("^phone:.*$", 'phone: "501-552-3400"', "does not match", id="phone in another form"),
        pytest.param("^holidays:.*$", "holidays: [Christmas]", "invalid date", id="holiday is no date"),
        pytest.param("^institute:.*$", "instute: x", "unknown key", id="misspelt key"),
        pytest.param(
            r"^  find_provider:.*$", '  find_provider: {title: x, url: "http://x.org"}', "https://", id="link"
        ),
        pytest.param(r"^    source: .*$", "    source: nothing-99", "no fact 'nothing-99'", id="unknown fact"),
    ],
)
def test_a_mistake_in_the_clinics_data_is_refused(folder, pattern, new, reason):
    break_file(folder, "clinic.yml", pattern, new)
    assert_refused(folder, "clinic.yml", new, reason)


def test_a_kind_of_call_that_takes_the_place_of_none_is_refused(folder):
    break_file(folder, "clinic.yml", "^    instead_of:.*$", "    instead_of: nothing")
    assert_refused(folder, "clinic.yml", "handoffs:", "refills: there is no other kind 'nothing'")


@pytest.mark.parametrize(
    ("pattern", "new", "marker", "reason"),
    [
        pytest.param("url: https://", "url: http://", "url: http://", "must start with https://", id="http link"),
        pytest.param("confidence: high", "confidence: low", "confidence: low", "unexpected value", id="confidence"),
        pytest.param("^- id: (.*)$", "- idd: x", "- idd: x", "unknown key", id="misspelt key"),
        pytest.param(r"\A", "just: a mapping\n", "just", "not valid YAML", id="not one list"),
    ],
)
def test_a_mistake_in_the_facts_is_refused(folder, pattern, new, marker, reason):
    break_file(folder, "facts.yml", pattern, new)
    path = folder / "facts.yml"
    if reason == "not valid YAML":
        assert any(p.file == path and reason in p.message for p in problems_of(folder))
    else:
        assert_refused(folder, "facts.yml", marker, reason)


def test_a_fact_id_that_stands_twice_is_refused_at_its_second_place(folder):
    path = folder / "facts.yml"
    lines = path.read_text(encoding="utf-8").splitlines()
    heads = [number for number, line in enumerate(lines) if line.startswith("- id: ")]
    lines[heads[1]] = lines[heads[0]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert_refused(folder, "facts.yml", heads[1] + 1, "stands twice")


@pytest.mark.parametrize("name", ["clinic.yml", "facts.yml"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    assert [(p.file.name, p.line, p.message) for p in problems_of(folder)] == [(name, 1, "the file is missing")]


def test_a_folder_without_topics_is_refused(folder):
    for path in folder.glob("*.yml"):
        if path.name not in loader.NOT_TOPICS:
            path.unlink()
    assert_refused(folder, "clinic.yml", 1, "there is no topic file beside it")


@pytest.mark.parametrize("name", ["ask_causes.yml", "clinic.yml", "facts.yml"])
def test_a_file_that_is_not_utf8_is_refused_with_the_byte(folder, name):
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data + b"# caf\xe9\n")
    assert_refused(folder, name, 1, f"not UTF-8 text (byte {len(data) + 5})")


def test_all_problems_of_all_files_are_reported_at_once(folder):
    break_topic(folder, "Second text", "At 501.552.3400 in <b>bold</b> by {fax}, text")
    for name in ("ask_risks", "ask_surgery"):
        break_file(folder, f"{name}.yml", "^handoff: .*$", "handoff: fax")
    break_file(folder, "clinic.yml", r"^    source: .*$", "    source: nothing-99")
    found = [(problem.file.name, problem.message.split(";")[0].split(" {")[0]) for problem in problems_of(folder)]
    assert sorted(found) == [
        ("ask_causes.yml", "a phone number is typed"),
        ("ask_causes.yml", "markup is not shown"),
        ("ask_causes.yml", "unknown placeholder"),
        ("ask_risks.yml", "unknown kind of hand-off 'fax'"),
        ("ask_surgery.yml", "unknown kind of hand-off 'fax'"),
        *[("clinic.yml", "no fact 'nothing-99' in facts.yml")] * 2,
    ]


def test_the_error_reads_as_one_line_for_each_problem(folder):
    break_topic(folder, "handoff: null", "handoff: fax\nlink: fax")
    with pytest.raises(ContentError) as caught:
        loader.load_files(folder)
    first, second = str(caught.value).splitlines()
    assert first.startswith("content/ask_causes.yml:8: unknown kind of hand-off 'fax'; clinic.yml has appointment, ")
    assert second.startswith("content/ask_causes.yml:9: unknown link 'fax'; clinic.yml has ")


def test_the_clinic_alone_can_be_read_and_is_checked(folder):
    assert loader.load_clinic(folder / "clinic.yml").tel == "tel:+15015523400"
    break_file(folder, "clinic.yml", "^phone:.*$", "phone: none")
    with pytest.raises(ContentError, match=r"clinic.yml:\d+: phone: "):
        loader.load_clinic(folder / "clinic.yml")


def test_the_digest_changes_with_bytes_and_names_and_nothing_else(folder):
    digest = loader.digest_of(folder)
    (folder / "notes.txt").write_text("not content")
    assert loader.digest_of(folder) == digest == loader.load_files(folder).digest
    (folder / "ask_causes.yml").rename(folder / "ask_cause.yml")
    renamed = loader.digest_of(folder)
    (folder / "ask_cause.yml").write_bytes((folder / "ask_cause.yml").read_bytes() + b"\n")
    assert len({digest, renamed, loader.digest_of(folder)}) == 3


def test_a_variant_has_one_canonical_name():
    assert schema.variant_key({"severity": "mild", "procedure": "surgery"}) == "procedure=surgery,severity=mild"
    assert schema.variant_key(None) == schema.variant_key({}) == ""

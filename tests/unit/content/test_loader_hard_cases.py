"""Texts at random, and mistakes that are easy to make and hard to see."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from valve_clinic import paths
from valve_clinic.content import loader, yaml_file
from valve_clinic.content.problems import ContentError

from .test_loader import TOPIC, assert_refused, break_topic, problems_of

REAL_TOPICS = sorted(p.name for p in paths.CONTENT.glob("*.yml") if p.name not in loader.NOT_TOPICS)
#: Reproducible, and without a folder of examples in the checkout.
AT_RANDOM = settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
#: Pieces that mean something to YAML or to the rules.
PIECES = st.sampled_from(
    ["\n", "\t", ":", ": ", "- ", "{", "}", "[", "]", "&a ", "*a", "'", '"', "|", ">-", "#", "%", "@", "`", "?", "!",
     "null", "<<: ", "---\n", "...\n", "\x00", "\u2028", "\ufeff", "\U0001fac0", "{phone}", "<", "9" * 40, "0x", ".inf"]
)  # fmt: skip


def load_or_refuse(folder: Path) -> None:
    """Load the folder; anything but `ContentError` fails the test."""
    try:
        loader.load_files(folder)
    except ContentError as error:
        problems = error.problems
    else:
        return
    assert problems
    assert all(problem.line >= 1 and problem.message for problem in problems)


@AT_RANDOM
@given(data=st.binary(max_size=200))
def test_bytes_at_random_raise_nothing_but_a_content_error(folder, data):
    (folder / "ask_causes.yml").write_bytes(data)
    load_or_refuse(folder)


@AT_RANDOM
@given(
    name=st.sampled_from(REAL_TOPICS), at=st.floats(0, 1), cut=st.integers(0, 40), piece=PIECES | st.text(max_size=9)
)
def test_a_topic_changed_at_random_raises_nothing_but_a_content_error(folder, name, at, cut, piece):
    path = folder / name
    before = path.read_bytes()
    text = before.decode()
    spot = int(at * len(text))
    path.write_bytes((text[:spot] + piece + text[spot + cut :]).encode("utf-8", "surrogatepass"))
    try:
        load_or_refuse(folder)
    finally:
        path.write_bytes(before)


@AT_RANDOM
@given(at=st.floats(0, 1), cut=st.integers(0, 40), piece=PIECES | st.text(max_size=9))
def test_clinic_data_changed_at_random_raise_nothing_but_a_content_error(folder, at, cut, piece):
    path = folder / "clinic.yml"
    text = (paths.CONTENT / "clinic.yml").read_text(encoding="utf-8")
    spot = int(at * len(text))
    path.write_bytes((text[:spot] + piece + text[spot + cut :]).encode("utf-8", "surrogatepass"))
    load_or_refuse(folder)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param('"2027-05-23"', "2027-02-30", id="a day that is not in the calendar"),
        pytest.param('"2027-05-23"', "2027-05-23T25:00:00", id="an hour that is not on the clock"),
        pytest.param("reviewed: null", "reviewed: !!int nobody", id="a tag that does not fit"),
        pytest.param("reviewed: null", "reviewed: !!bool nobody", id="a tag that does not fit at all"),
        pytest.param("reviewed: null", "reviewed: " + "[" * 500, id="deep nesting"),
    ],
)
def test_values_that_yaml_cannot_make_are_refused(folder, old, new):
    break_topic(folder, old, new)
    problems_of(folder)


@pytest.mark.parametrize("value", ["2027", '"2027"'])
def test_a_year_alone_is_not_a_date(folder, value):
    break_topic(folder, '"2027-05-23"', value)
    assert_refused(folder, "ask_causes.yml", "review_due:", "date")


def test_an_id_that_is_not_the_files_name_is_refused(folder):
    break_topic(folder, "id: ask_causes", "id: ask_reasons")
    assert_refused(folder, "ask_causes.yml", "id:", "the id must be the file's name, ask_causes")


def test_a_second_file_with_the_same_id_is_refused(folder):
    (folder / "ask_causes_new.yml").write_text(TOPIC, encoding="utf-8")
    assert_refused(folder, "ask_causes_new.yml", "id:", "the id must be the file's name, ask_causes_new")


def test_one_mistake_gives_one_problem(folder):
    break_topic(folder, "title:", "titel:")
    assert {problem.file.name for problem in problems_of(folder)} == {"ask_causes.yml"}


@pytest.mark.parametrize("name", ["clinic.yml", "facts.yml"])
def test_a_mistake_in_one_file_does_not_hide_those_of_others(folder, name):
    break_topic(folder, "Second text", "At 501.552.3400, text")
    (folder / name).write_text("- broken: [\n")
    assert_refused(folder, "ask_causes.yml", "At 501", "a phone number is typed")


@pytest.mark.parametrize("number", ["5015523400", "501\u2011552\u20113400", "501\u2013552\u20133400", "(501)5523400"])
def test_a_phone_number_in_another_notation_is_refused(folder, number):
    break_topic(folder, "Second text", f"At {number}, text")
    assert_refused(folder, "ask_causes.yml", number, "a phone number is typed")


@pytest.mark.parametrize("placeholder", ["{phone number}", "{ phone }", "{}"])
def test_a_placeholder_that_is_not_one_word_is_refused(folder, placeholder):
    break_topic(folder, "Second text", f"Text at {placeholder} in the text")
    assert_refused(folder, "ask_causes.yml", placeholder, "placeholder")


@pytest.mark.parametrize("title", ["Call 501.552.3400", "Call {phone} now", "A <b>bold</b> title"])
def test_a_title_is_plain_text_too(folder, title):
    break_topic(folder, "title: Why does it leak", f'title: "{title}"')
    assert_refused(folder, "ask_causes.yml", "title:", "")


def test_what_libyaml_refuses_and_is_right_is_read(tmp_path):
    file = tmp_path / "a.yml"
    file.write_text("first: 1\nplaces:\n- {name: x, url: https://example.org}\n", encoding="utf-8")
    document = yaml_file.read(file)
    assert document.data == {"first": 1, "places": [{"name": "x", "url": "https://example.org"}]}
    assert document.line_of(["places", 0, "url"]) == 3


@AT_RANDOM
@given(text=st.lists(PIECES | st.text(max_size=8), max_size=12).map("".join))
def test_both_parsers_read_the_same(tmp_path, text):
    """Libyaml may refuse what ruamel's own parser reads, and then that one is asked; it must not read another thing."""
    file = tmp_path / "a.yml"
    file.write_bytes(text.encode("utf-8", errors="replace"))
    try:
        document = yaml_file.read(file)
    except ContentError:
        return
    if not document.pure:
        assert repr(document.data) == repr(yaml_file.plain(YAML(typ="safe", pure=True).load(document.text)))

"""The table below an answer: checked as its text is, stored and served with it."""

from __future__ import annotations

import re

import pytest
from pydantic import ValidationError

from valve_clinic.content import loader, schema
from valve_clinic.content.problems import ContentError

from ..conftest import changed, load_real_content, sample_answer, sample_topic

TABLE = {
    "caption": "Two ways side by side",
    "head": ["What", "Clip", "Surgery"],
    "rows": [
        {"cells": ["Stay", "short", "long"], "sources": ["clinic-01"]},
        {"cells": ["Chest", "closed", "opened"], "sources": ["lung-01"]},
    ],
}


def with_row(*cells: str) -> dict:
    return {**TABLE, "rows": [TABLE["rows"][0], {"cells": list(cells), "sources": ["clinic-01"]}]}


def test_a_table_is_served_as_the_contract_has_it_with_its_sources_last(sample_store, sample_content):
    topic = sample_topic("ask_causes", {**sample_answer("The causes of it.", "heart-01"), "table": TABLE})
    sample_store.publish(changed(sample_content, "second", ask_causes=topic))
    answer = sample_store.answer("ask_causes")
    assert answer.table == {
        "caption": "Two ways side by side",
        "head": ["What", "Clip", "Surgery"],
        "rows": [["Stay", "short", "long"], ["Chest", "closed", "opened"]],
    }
    assert [source.name for source in answer.sources] == ["Heart Group", "The clinic's page", "Lung Group"]
    assert sample_store.answer("ask_mitraclip").table is None


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (with_row("Stay", "short"), "the row has 2 cells; the head has 3"),
        (with_row("Stay", "short", ""), "a cell is empty"),
        (with_row("Stay", "short", "word " * 15), "more than 14 words"),
        ({**TABLE, "head": ["", "Clip", "Surgery"]}, "every column needs a name"),
        ({**TABLE, "rows": TABLE["rows"][:1]}, "at least 2 items"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_with_what_is_wrong(table, message):
    with pytest.raises(ValidationError, match=message):
        schema.Table.parse_obj(table)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            "sources: [mitraclip_vs_surgery-01]\n    - cells",
            "sources: [nothing-99]\n    - cells",
            "no fact 'nothing-99'",
        ),
        ("3 to 7 days]", '"call {phone}"]', "a table has no placeholders"),
        ("3 to 7 days]", "call 501.552.3400]", "a phone number is typed"),
    ],
)
def test_a_wrong_table_is_refused_with_file_and_line(folder, before, after, message):
    path = folder / "ask_mitraclip_vs_surgery.yml"
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1
    path.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(ContentError, match=rf"ask_mitraclip_vs_surgery\.yml:\d+: {re.escape(message)}"):
        loader.load_files(folder)


def test_the_topics_that_compare_have_tables():
    found = {topic.id for topic in load_real_content().topics.values() if topic.answers[0].table}
    assert found == {"ask_mitraclip_vs_surgery", "ask_treatment_options", "ask_recovery_time"}


@pytest.mark.parametrize(
    ("wanted", "variant"),
    [
        ({"relation": "other"}, {"relation": "other"}),
        ({"relation": "other", "procedure": "surgery"}, {"procedure": "surgery"}),
        ({"relation": "other", "procedure": "mitraclip"}, {"procedure": "mitraclip"}),
        ({}, None),
    ],
)
def test_of_two_texts_that_fit_as_well_the_one_with_the_weightier_key_is_used(real_store, wanted, variant):
    """The text on the procedure is the one that says what heals; the one for relatives stands in when none is named."""
    assert real_store.answer("ask_recovery_time", wanted).variant == variant


def test_the_weight_of_a_text_counts_keys_first():
    weights = [
        schema.weight_of(variant)
        for variant in (
            None,
            {"relation": "other"},
            {"severity": "mild"},
            {"procedure": "surgery"},
            {"severity": "mild", "relation": "other"},
        )
    ]
    assert weights == sorted(weights)
    assert len(set(weights)) == len(weights)

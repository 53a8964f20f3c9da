"""The order in which the topics are looked through."""

from __future__ import annotations

from valve_clinic.content import groups

from ..conftest import load_real_content


def test_every_topic_is_in_one_group_and_every_grouped_topic_is_there():
    named = [topic for group in groups.all_groups() for topic in group.topics]
    assert sorted(named) == sorted(load_real_content().topics)
    assert groups.browsed_from() in named


def test_a_topic_without_a_group_comes_last_and_an_empty_group_not_at_all():
    found = groups.grouped(["ask_new", "ask_privacy", "ask_causes"])
    assert [(group.title, group.topics) for group in found] == [
        ("The leaky valve", ("ask_causes",)),
        ("This chat", ("ask_privacy",)),
        ("More questions", ("ask_new",)),
    ]

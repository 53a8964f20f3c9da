"""The page of all answers: what it says is what the store says, and nothing in it can run."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import unescape

import pytest
from click.testing import CliRunner

from valve_clinic.content import faq
from valve_clinic.content.command import content

from ..conftest import SAMPLE_PHONE, changed, sample_answer, sample_topic

TAG = re.compile(r"<[^>]+>")


def article(html: str, topic: str) -> str:
    found = re.search(rf'<article aria-labelledby="{topic}">.*?</article>', html)
    assert found, topic
    return found.group()


def paragraphs(html: str) -> list[str]:
    return [unescape(TAG.sub("", text)) for text in re.findall(r"<p>(.*?)</p>", html)]


def test_every_text_of_every_published_topic_stands_on_the_page_word_for_word(real_store):
    html = faq.render(real_store).html
    answers = real_store.published()
    assert {answer.topic for answer in answers} == set(real_store.titles())
    for answer in answers:
        said = real_store.answer(answer.topic, answer.variant)
        assert said == answer
        shown = article(html, answer.topic)
        assert set(said.text.split("\n\n")) <= set(paragraphs(shown)), answer.variant
        for source in said.sources:
            assert source.url is None or f'href="{source.url.replace("&", "&amp;")}"' in shown
        for row in (said.table or {"rows": []})["rows"]:
            assert all(cell in unescape(shown) for cell in row)


def test_each_topic_has_an_anchor_that_the_list_leads_to(real_store):
    html = faq.render(real_store).html
    ids = re.findall(r' id="([^"]+)"', html)
    assert sorted(ids) == sorted(set(ids)) == sorted(real_store.titles())
    assert sorted(re.findall(r'href="#([^"]+)"', html)) == sorted(ids)


def test_it_says_911_the_phone_line_and_that_nobody_has_reviewed_it(real_store):
    html = faq.render(real_store).html
    assert html.index('href="tel:911"') < html.index("<main>")
    assert 'href="tel:+15015523400">501.552.3400</a>' in html
    assert "No clinician has reviewed these answers yet." in html
    assert "not affiliated with or approved by" in html
    assert '<html lang="en">' in html


def test_the_structured_data_are_the_default_answers(real_store):
    html = faq.render(real_store).html
    data = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', html).group(1))
    assert (data["@context"], data["@type"]) == ("https://schema.org", "FAQPage")
    titles = real_store.titles()
    said = {item["name"]: item["acceptedAnswer"]["text"] for item in data["mainEntity"]}
    assert said == {title: real_store.answer(topic).text for topic, title in titles.items()}


def test_drafts_are_not_on_the_page_and_a_reload_changes_it(sample_store, sample_content):
    before = faq.render(sample_store).html
    assert "The text of ask results." not in before
    assert SAMPLE_PHONE in before
    new = sample_topic("ask_causes", sample_answer("Another text.", "heart-01"))
    sample_store.publish(changed(sample_content, "second", ask_causes=new))
    after = faq.render(sample_store).html
    assert ("Another text." in after, "Causes of it." in after) == (True, False)


def test_a_review_that_was_signed_is_counted(sample_store, sample_content):
    signed = sample_topic("ask_causes", reviewed={"role": "nurse of the Valve Clinic", "date": "2026-12-01"})
    sample_store.publish(changed(sample_content, "second", ask_causes=signed))
    html = faq.render(sample_store).html
    assert "A clinician has reviewed 1 of" in html
    assert "Reviewed: 2026-12-01." in article(html, "ask_causes")


def test_a_link_is_shown_when_its_address_is_known_and_said_to_be_unknown_when_not(sample_store):
    html = faq.render(sample_store).html
    assert '<a href="https://example.org/a">A page</a>' in article(html, "book_appointment")
    assert "The web address of “Another page” is not known here." in article(html, "find_provider")


def test_a_text_cannot_become_markup_or_end_the_data(sample_store, sample_content):
    hostile = "</script><script>alert(1)</script><b>&amp;"
    topic = sample_topic("ask_causes", sample_answer(hostile, "heart-01"), title=hostile)
    sample_store.publish(changed(sample_content, "second", ask_causes=topic))
    html = faq.render(sample_store).html
    assert html.count("<script") == html.count("</script>") == 1
    assert "<b>" not in html
    assert paragraphs(article(html, "ask_causes"))[0] == hostile


def test_the_hash_for_a_policy_is_that_of_the_style(real_store):
    page = faq.render(real_store)
    style = re.search(r"<style>(.*?)</style>", page.html, re.DOTALL).group(1)
    assert page.style_hash == "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


@pytest.fixture
def database(monkeypatch, tmp_path):
    monkeypatch.setenv("CONTENT_DATABASE_URL", f"sqlite:///{tmp_path}/content.db")


@pytest.mark.usefixtures("database")
def test_the_command_writes_what_is_served_and_refuses_when_nothing_is(tmp_path):
    out = tmp_path / "faq.html"
    empty = CliRunner().invoke(content, ["faq", "--out", str(out)])
    assert (empty.exit_code, out.exists()) == (1, False)
    assert CliRunner().invoke(content, ["load"]).exit_code == 0
    done = CliRunner().invoke(content, ["faq", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "29 questions" in done.output
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")

"""The preview page: whole, self-contained, and nothing in a text can become markup."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from valve_clinic import cli, paths
from valve_clinic.content import loader, preview


def test_a_preview_has_every_text_with_its_figures_source_and_buttons(real_content: loader.Content) -> None:
    assert real_content.parsed is not None
    page = preview.render(real_content.parsed, "ask_recovery_time")
    assert page.count("When it is asked first") == len(real_content.topics["ask_recovery_time"].answers)
    assert "within 2 to 3 days" in page
    assert "Source: CHI St. Vincent Heart Institute" in page
    assert real_content.topics["ask_results"].title in page
    assert "Not\nreviewed by a clinician" in page
    assert "recovery_time-01" in page


def test_a_preview_has_the_table_below_the_whole_text_only(
    real_content: loader.Content,
) -> None:
    assert real_content.parsed is not None
    page = preview.render(real_content.parsed, "ask_mitraclip_vs_surgery")
    assert page.count("<table>") == 1
    assert "<caption>MitraClip and valve surgery side by side</caption>" in page
    assert '<th scope="col">What differs</th><th scope="col">MitraClip</th>' in page
    assert '<th scope="row">Usual hospital stay</th><td>2 to 3 days</td><td>3 to 7 days</td>' in page
    assert page.index("<table>") < page.index("When the same is asked again")


def test_a_preview_fetches_nothing_and_runs_nothing(real_content: loader.Content) -> None:
    assert real_content.parsed is not None
    page = preview.render(real_content.parsed, "ask_risks")
    assert not re.search(r"<script|<link|<img|url\(|https?://|\son\w+=", page)
    assert "default-src 'none'" in page


def test_what_a_file_says_is_text_and_never_markup(folder: Path) -> None:
    path = folder / "ask_causes.yml"
    text = path.read_text(encoding="utf-8").replace("Why does a mitral valve leak?", "'<img src=x onerror=a>'")
    path.write_text(text.replace("Does it run", "<script>alert(1)</script> &amp; Does it run"), encoding="utf-8")
    page = preview.render(loader.parse(folder), "ask_causes")
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp;" in page


def test_the_command_writes_the_page(tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    result = CliRunner().invoke(cli.main, ["content", "preview", "ask_risks", "--out", str(out)])
    assert (result.exit_code, out.read_text(encoding="utf-8")[:15]) == (0, "<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ask_weather"], "there is no topic 'ask_weather'"),
        (["ask_risks", "--out", "/nowhere/a.html"], "name another file"),
    ],
)
def test_the_command_says_what_is_wrong(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(cli.main, ["content", "preview", *arguments])
    assert result.exit_code == 1
    assert said in result.stderr


def test_the_widgets_rules_are_where_the_preview_looks() -> None:
    assert ".msg{" in preview.widget_css()
    assert (paths.ROOT / "widget" / "src" / "style.js").is_file()

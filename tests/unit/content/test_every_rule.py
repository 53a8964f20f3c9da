"""Every rule of the content has an edit that breaks it, and says file, line and remedy; the two lists agree."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from valve_clinic import paths
from valve_clinic.content import checking, house_rules, loader, rules
from valve_clinic.content.house_rules import House
from valve_clinic.content.parsed import Parsed
from valve_clinic.content.problems import Problem
from valve_clinic.content.rules import parity

Found = Callable[[Parsed, House, Parsed], Iterator[Problem]]


@dataclass(frozen=True)
class Broken:
    """An edit of a file, and the part of the message that it must lead to."""

    file: str
    old: str
    new: str
    said: str


BROKEN = {
    "references": Broken("ask_causes.yml", "sources: [causes-05]", "sources: [causes-99]", "no fact 'causes-99'"),
    "titles": Broken("ask_surgery.yml", "What is mitral valve surgery?", "What is MitraClip?", "title is the same"),
    "length": Broken("ask_privacy.yml", "For private matters", "Please. " * 70 + "For private matters", "the text has"),
    "plain_text": Broken("ask_risks.yml", "Our page lists no risks.", "Call 501.552.3400.", "phone number is typed"),
    "reading": Broken("ask_results.yml", "No result is sure.", "Individualized multidisciplinary " * 12 + ".", "grade"),
    "terms": Broken("ask_lifestyle.yml", "Heavy drinking", "An EKG helps. Heavy drinking", "'EKG' is not explained"),
    "forbidden": Broken("ask_results.yml", "No result is sure.", "It is safe.", "promises no safety"),
    "numbers": Broken("ask_risks.yml", "2.7 in 100", "2.8 in 100", "the number 2.8 stands in no fact"),
    "required": Broken("ask_mitraclip.yml", "less invasive", "newer", "no longer says: MitraClip is less invasive"),
    "copied": Broken(
        "ask_definition.yml",
        "Mayo Clinic compares the valve to a one-way door.",
        "The valve sits between the two chambers on the left side of the heart.",
        "is copied from the fact",
    ),
    "links": Broken("ask_results.yml", "No result is sure.", "See https://evil.example/x.", "not at an allowed host"),
    "reachable": Broken("ask_weather.yml", "", "", "nobody can ask it"),
    "review": Broken("ask_risks.yml", "reviewed: null", 'reviewed: {role: "A nurse", date: "2999-01-01"}', "future"),
    "fixed_texts": Broken("es/responses.yml", "Adiós, y cuídese.", "Adiós, llame al 988.", "the numbers are 911, 988"),
    "parity": Broken(
        "es/ask_risks.yml", "sources: [risks-09]", "sources: [risks-08]", "the English text cites risks-09"
    ),
    "parity of statements": Broken("es/required.yml", "fact: risks-07", "fact: risks-08", "no statement on ask_risks"),
}


def _name(rule: object) -> str:
    return str(getattr(rule, "__module__", "")).rpartition(".")[2]


RULES: dict[str, Found] = {
    **{_name(rule): lambda parsed, house, english, rule=rule: rule(parsed) for rule in rules.INTEGRITY},
    **{_name(rule): lambda parsed, house, english, rule=rule: rule(parsed, house) for rule in checking.EDITORIAL},
    "parity": lambda parsed, house, english: parity.check(parsed, english),
    "parity of statements": lambda parsed, house, english: parity.check_required(
        parsed, house, house_rules.read(english) or house
    ),
}


def read(folder: Path, language: str) -> tuple[Parsed, House, Parsed]:
    """Return the folder of the language, its rules' words, and the English folder."""
    english = loader.parse(folder)
    parsed = loader.parse(folder / "es", folder, english) if language == "es" else english
    house = house_rules.read(parsed)
    assert house is not None
    return parsed, house, english


def found_by(rule: str, folder: Path, language: str) -> list[Problem]:
    return list(RULES[rule](*read(folder, language)))


def test_every_rule_module_is_a_rule_with_a_broken_example() -> None:
    helpers = {"__init__", "spanish_ease"}
    modules = {path.stem for path in (Path(rules.__file__).parent).glob("*.py")} - helpers
    assert modules | {"parity of statements"} == set(RULES) == set(BROKEN)


@pytest.mark.parametrize("rule", sorted(BROKEN))
def test_an_edit_that_breaks_the_rule_is_refused_with_file_line_and_remedy(folder: Path, rule: str) -> None:
    broken = BROKEN[rule]
    language = "es" if broken.file.startswith("es/") else "en"
    path = folder / broken.file
    if rule == "reachable":  # a topic that nobody has messages for
        text = (folder / "ask_risks.yml").read_text(encoding="utf-8")
        path.write_text(text.replace("id: ask_risks", "id: ask_weather"), encoding="utf-8")
        line = 2
    else:
        assert found_by(rule, folder, language) == []
        text = path.read_text(encoding="utf-8")
        assert broken.old in text, f"{broken.old!r} is not in {broken.file}"
        path.write_text(text.replace(broken.old, broken.new, 1), encoding="utf-8")
        line = text[: text.index(broken.old)].count("\n") + 1
    problems = [item for item in found_by(rule, folder, language) if item.file == path and broken.said in item.message]
    assert problems, [str(item) for item in found_by(rule, folder, language)]
    # A whole text is named by its first line or by the line of its list.
    assert min(abs(item.line - line) for item in problems) <= 24
    assert all(item.mend for item in problems)
    assert str(problems[0]).startswith(f"{path.parent.name}/{path.name}:{problems[0].line}: ")
    assert ". To mend it: " in str(problems[0])


def _forbidden() -> Iterator[tuple[str, str, str]]:
    for language, folder in (("en", paths.CONTENT), ("es", paths.CONTENT / "es")):
        parsed = Parsed(folder, paths.CONTENT)
        house = house_rules.read(parsed)
        for item in house.forbidden if house else ():
            for example in item.must:
                yield language, item.id, example


def test_what_is_forbidden_in_english_is_forbidden_in_spanish() -> None:
    ids = {language: {item for where, item, _ in _forbidden() if where == language} for language in ("en", "es")}
    assert ids["es"] - ids["en"] == {"familiar"}
    assert ids["en"] <= ids["es"]


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_forbidden_wording_is_found_in_a_text_where_it_stands(folder: Path, language: str) -> None:
    parsed, house, _ = read(folder, language)
    said = [(item, example) for where, item, example in _forbidden() if where == language]
    answer = parsed.topics["ask_risks"].answers[0]
    for item, example in said:
        answer.paragraphs[0].text = f"Some words. {example}"
        problems = [p for p in RULES["forbidden"](parsed, house, parsed) if p.file == parsed.path("ask_risks")]
        reason = next(rule for rule in house.forbidden if rule.id == item)
        assert [(p.message.endswith(reason.reason), p.mend) for p in problems if reason.reason in p.message] == [
            (True, reason.advice)
        ], f"{item}: {example}"
        assert re.search(r"ask_risks\.yml:\d+", str(problems[0]))

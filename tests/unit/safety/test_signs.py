"""The list of signs: every example, every source, and what happens when somebody breaks the file."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from valve_clinic.safety import check, matcher, signs
from valve_clinic.safety.signs import Sign, SignsError

SIGNS = signs.read().signs
MUST = [(sign, text) for sign in SIGNS for text in sign.must]
MUST_NOT = [(sign, text) for sign in SIGNS for text in sign.must_not]


def name(value: object) -> str:
    return value.id if isinstance(value, Sign) else str(value)


@pytest.mark.parametrize(("sign", "text"), MUST, ids=name)
def test_the_sign_catches_its_example(sign: Sign, text: str) -> None:
    assert check.level_of(sign, text, matcher.shared()) >= sign.level


@pytest.mark.parametrize(("sign", "text"), MUST_NOT, ids=name)
def test_the_sign_leaves_its_counterexample(sign: Sign, text: str) -> None:
    assert check.level_of(sign, text, matcher.shared()) < sign.level


def test_nothing_is_wrong_with_the_file() -> None:
    assert check.check() == []


def write(folder: Path, change: dict[str, object]) -> Path:
    data = yaml.safe_load(signs.SIGNS_FILE.read_text(encoding="utf-8"))
    first = {**data["signs"][0], **change}
    data["signs"] = [{key: value for key, value in first.items() if value is not None}]
    path = folder / "signs.yml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"level": "urgent"}, "the level of cannot_breathe must be one of"),
        ({"sources": None}, "cannot_breathe needs sources"),
        ({"must_not": []}, "cannot_breathe needs must_not"),
        ({"color": "red"}, "may have the keys"),
        ({"unsure": "maybe"}, "unsure of cannot_breathe must be true or false"),
        ({"unsure": True}, "true at level crisis only"),
    ],
)
def test_a_wrong_shape_is_named(tmp_path: Path, change: dict[str, object], reason: str) -> None:
    with pytest.raises(SignsError, match=reason):
        signs.read(write(tmp_path, change))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sources": ["emergency-999"]}, "names the fact emergency-999, which is not in facts.yml"),
        ({"says": "utter_nothing"}, "says utter_nothing, which is not a response of domain.yml"),
        ({"must": ["what is a valve"]}, "must catch 'what is a valve' and finds none"),
        ({"must_not": ["I can't breathe"]}, 'must not catch "I can\'t breathe" and finds act'),
        ({"phrases": ["<lungs> hurt"]}, "uses <lungs>, which is not under words"),
    ],
)
def test_the_check_says_what_is_wrong(tmp_path: Path, change: dict[str, object], reason: str) -> None:
    assert any(reason in problem for problem in check.check(write(tmp_path, change)))


def test_a_file_that_is_not_yaml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "signs.yml"
    path.write_text("signs: [", encoding="utf-8")
    assert check.check(path)[0].startswith("signs.yml is not YAML")

"""The data files of the masking: a wrong shape and a wrong example are named."""

from __future__ import annotations

import pytest
import yaml

from valve_clinic.privacy import check, rules


def test_nothing_is_wrong_with_the_files():
    assert check.check() == []


def write(folder, **change):
    data = yaml.safe_load(rules.PATTERNS_FILE.read_text(encoding="utf-8"))
    first = {**data["kinds"][0], **change}
    data["kinds"] = [{key: value for key, value in first.items() if value is not None}]
    path = folder / "patterns.yml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"mask": "EMAIL"}, "small letters in square brackets"),
        ({"must_not": []}, "email needs must_not"),
        ({"check": "guess"}, "must be one of luhn"),
        ({"patterns": ["("]}, "is no regular expression"),
        ({"patterns": ["{nothing}"]}, "{nothing} is not one of the parts"),
        ({"color": "red"}, "may have the keys"),
        ({"must": ["no address here"]}, "email must be found in 'no address here'"),
        ({"must_not": ["a@example.org"]}, "must stay and becomes '[email]'"),
    ],
)
def test_the_check_says_what_is_wrong(tmp_path, change, reason):
    assert any(reason in problem for problem in check.check(write(tmp_path, **change)))


def test_a_list_of_names_that_is_missing_is_named(tmp_path):
    path = tmp_path / "names.yml"
    path.write_text("strong: [my name is]\n", encoding="utf-8")
    assert "must have the keys" in check.check(names=path)[0]

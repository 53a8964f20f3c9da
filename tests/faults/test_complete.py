"""Every case of the table has its test here, or says where it runs."""

from __future__ import annotations

import re
from pathlib import Path

from faults.figures import ELSEWHERE, PAGE
from valve_clinic import paths

HERE = Path(__file__).parent
ALL = {f"a{number}" for number in range(1, 17)} | {f"b{number}" for number in range(1, 20)}


def test_every_case_has_a_test_by_its_name() -> None:
    names = re.findall(r"^def (test_\w+)", "".join(file.read_text() for file in HERE.glob("test_*.py")), re.MULTILINE)
    own = {case for name in names if "stock" not in name for case in re.findall(r"_([ab]\d+)(?=_)", name)}
    assert own | {case.lower() for case in ELSEWHERE} == ALL
    assert not own & {case.lower() for case in ELSEWHERE}


def test_what_runs_elsewhere_is_there() -> None:
    for file, name in ELSEWHERE.values():
        assert f"def {name}(" in (paths.ROOT / file).read_text(encoding="utf-8")


def test_the_page_names_every_case() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("| case |")[2].partition("\n\n")[0]
    named = {case for line in table.splitlines() for case in re.findall(r"\b[AB]\d+\b", line.partition("|")[2][:40])}
    assert {case.lower() for case in named} == ALL

"""Counts what the suite did, and writes it into docs/reliability.md."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from valve_clinic import paths

PAGE = paths.ROOT / "docs" / "reliability.md"
_BEGIN, _END = "<!-- figures: written by `make faults` -->", "<!-- end of figures -->"

#: Cases that run with every `make test`, and where.
ELSEWHERE = {"A12": ("tests/server/test_fuzz.py", "test_any_bytes_are_answered_in_words")}


@dataclass
class Figures:
    """What happened in one run."""

    turns: int = 0
    faults: int = 0
    lost: int = 0
    doubled: int = 0
    silent: int = 0
    slowest_recovery: float = 0.0
    slowest_start: float = 0.0
    seed: int | None = None
    outcomes: dict[str, str] = field(default_factory=dict)

    def count(self, fault: str, turns: int, lost: int, doubled: int, silent: int, recovery: float) -> None:
        del fault
        self.faults += 1
        self.turns += turns
        self.lost += lost
        self.doubled += doubled
        self.silent += silent
        self.slowest_recovery = max(self.slowest_recovery, recovery)

    def note(self, name: str, outcome: str) -> None:
        """Keep the worst outcome of a case's tests."""
        test = name.rpartition("::")[2]
        cases = re.findall(r"\b([ab]\d+)\]$", test) or re.findall(r"_([ab]\d+)(?=_)", test.partition("[")[0])
        if "test_stock" in name:
            cases = [f"stock {case}" for case in cases]
        rank = {"passed": 0, "skipped": 1, "failed": 2}
        for case in (case.upper() for case in cases):
            if rank[outcome] >= rank.get(self.outcomes.get(case, "passed"), 0):
                self.outcomes[case] = outcome

    def table(self) -> str:
        rows = {
            "turns that were answered": f"{self.turns:,}",
            "faults": str(self.faults),
            "lost": str(self.lost),
            "doubled": str(self.doubled),
            "silent": str(self.silent),
            "slowest recovery after a fault's end": f"{self.slowest_recovery:.1f} s",
            "seed of the randomised run": str(self.seed),
        }
        lines = ["| measure | figure |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items())]
        own = [case for case in self.outcomes if not case.startswith("STOCK")]
        cases = sorted(own, key=lambda case: (case[0], int(case[1:])))
        for outcome in ("passed", "skipped", "failed"):
            named = [case for case in cases if self.outcomes[case] == outcome]
            lines += [
                "",
                f"Cases that {outcome if outcome != 'skipped' else 'were skipped'}: {', '.join(named)}.",
            ] * bool(named)
        lines += [
            "",
            *(f"{case} runs with every `make test`, in `{file}`." for case, (file, _) in sorted(ELSEWHERE.items())),
        ]
        beside = sorted(case.removeprefix("STOCK ") for case in self.outcomes if case.startswith("STOCK"))
        shown = [case for case in beside if self.outcomes[f"STOCK {case}"] == "passed"]
        lines += ["", f"Cases that stock Rasa was shown to fail: {', '.join(shown) or 'none'}."]
        return "\n".join(lines)

    def write(self, page: Path = PAGE) -> None:
        """Put the table between its marks."""
        found = page.read_text(encoding="utf-8")
        head, rest = found.split(_BEGIN)
        _, tail = rest.split(_END)
        page.write_text(f"{head}{_BEGIN}\n\n{self.table()}\n\n{_END}{tail}", encoding="utf-8")


FIGURES = Figures()

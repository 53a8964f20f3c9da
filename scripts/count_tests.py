"""Print the line that closes `make test`: `python scripts/count_tests.py REPORT.xml STORIES`.

A run that made no report, or ran nothing, counts as failed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree


def main() -> None:
    report, stories = Path(sys.argv[1]), int(sys.argv[2])
    try:
        suites = ElementTree.parse(report).iter("testsuite")  # noqa: S314 - pytest's own file
        totals = [
            {key: int(suite.get(key, "0")) for key in ("tests", "failures", "errors", "skipped")} for suite in suites
        ]
    except (OSError, ElementTree.ParseError):
        totals = []
    tests, failures, errors, skipped = (
        sum(total[key] for total in totals) for key in ("tests", "failures", "errors", "skipped")
    )
    failed = failures + errors if tests else 1
    passed = max(0, tests - failures - errors - skipped)
    print(f"{passed + stories} passed, {failed} failed, {skipped} skipped")


if __name__ == "__main__":
    main()

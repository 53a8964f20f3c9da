"""What is wrong in a content file, where, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Problem:
    """One defect of a content file; `line` counts from 1, `mend` says what to do about it."""

    file: Path
    line: int
    message: str
    mend: str = ""

    @property
    def place(self) -> str:
        """The file and line as a reader finds them: folder/file:line."""
        return f"{self.file.parent.name}/{self.file.name}:{self.line}"

    def __str__(self) -> str:
        """Return the problem as one line: folder/file:line: what is wrong. To mend it: what to do."""
        return f"{self.place}: {self.message}" + (f". To mend it: {self.mend}" if self.mend else "")


class ContentError(Exception):
    """The content cannot be loaded; `problems` lists every defect found."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))

"""What is wrong in a content file, where, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Problem:
    """One defect of a content file; `line` counts from 1."""

    file: Path
    line: int
    message: str

    def __str__(self) -> str:
        """Return the problem as one line: folder/file:line: what is wrong."""
        return f"{self.file.parent.name}/{self.file.name}:{self.line}: {self.message}"


class ContentError(Exception):
    """The content cannot be loaded; `problems` lists every defect found."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))

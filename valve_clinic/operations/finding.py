"""What a check finds: one line that says what is wrong and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Something that must be mended before the server may start."""

    reason: str
    mend: str

    def __str__(self) -> str:
        """Return the line."""
        return " ".join(f"{self.reason}; {self.mend}".split())

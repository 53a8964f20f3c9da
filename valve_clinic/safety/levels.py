"""How urgent a message is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

#: Where a parsed message keeps what triage found.
SAFETY = "safety"


class Level(IntEnum):
    """From nothing to most urgent; the higher one rules where two are found."""

    NONE = 0
    SAME_DAY = 1
    CHECK = 2
    CRISIS = 3
    ACT = 4

    @property
    def rules_the_turn(self) -> bool:
        """Whether its fixed text is all that is said."""
        return self in (Level.CRISIS, Level.ACT)


@dataclass(frozen=True)
class Assessment:
    """What triage says of a message: the level, what is said first, and why."""

    level: Level
    #: Name of the response in `domain.yml`, None at level NONE.
    says: str | None = None
    #: Ids of the signs that were found, "model" where only the model speaks.
    signs: tuple[str, ...] = ()
    #: "en", "es", or "other" where the message is in a language that the chat cannot answer in.
    language: str = "en"
    #: The person says that the danger is over.
    safe: bool = False
    #: The person says that it is happening now: an answer to the check line.
    happening: bool = False
    #: A call to the care team today is needed too; at level SAME_DAY it is all there is.
    same_day: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return what is kept with the parsed message; no words of the message are in it."""
        return {
            "level": self.level.name.lower(),
            "says": self.says,
            "signs": list(self.signs),
            "language": self.language,
            "safe": self.safe,
            "happening": self.happening,
            "same_day": self.same_day,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any] | None) -> Assessment:
        """Return the assessment of a parsed message; without one, nothing is known and nothing is said."""
        if not data:
            return cls(Level.NONE)
        return cls(
            Level[str(data["level"]).upper()],
            data.get("says"),
            tuple(data.get("signs") or ()),
            data.get("language", "en"),
            bool(data.get("safe")),
            bool(data.get("happening")),
            bool(data.get("same_day")),
        )

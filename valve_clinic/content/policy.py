"""What is served: whose statements (CONTENT_POLICY), and which translations (CONTENT_TRANSLATIONS)."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum
from typing import TypeVar

from pydantic import BaseModel

from valve_clinic import settings
from valve_clinic.content import schema

#: What an answer has beside statements: a variant chooses it, a short form is made of the paragraphs.
_JUDGED_APART = frozenset({"variant", "paragraphs", "short"})
_Choice = TypeVar("_Choice", bound=Enum)


class Policy(str, Enum):
    """The values of CONTENT_POLICY."""

    ALL = "all"
    CLINIC_ONLY = "clinic-only"


class Translations(str, Enum):
    """The values of CONTENT_TRANSLATIONS."""

    PUBLISHED = "published"
    DRAFTS = "drafts"


def translations_from_settings() -> Translations:
    """Return which translations the environment wants served; raises `SettingError`."""
    return _chosen("CONTENT_TRANSLATIONS", Translations)


def from_settings() -> Policy:
    """Return the policy of the environment; raises `SettingError`."""
    return _chosen("CONTENT_POLICY", Policy)


def _chosen(name: str, choices: type[_Choice]) -> _Choice:
    raw = settings.value(name)
    try:
        return choices(raw)
    except ValueError:
        known = " or ".join(choice.value for choice in choices)
        raise settings.SettingError(f"{name} must be {known}, not {raw!r}") from None


def allowed(answer: schema.Answer, policy: Policy, clinics_own: Collection[str]) -> schema.Answer | None:
    """Return what may be said of the answer, or None when nothing is left; `clinics_own` are the clinic's fact ids.

    Where a paragraph is left out, the rest takes the place of the short form: a short form names no sources, so nobody
    can tell whose statements it sums up. Whatever else an answer has is left out unless it names the clinic's sources.
    """
    if policy is Policy.ALL:
        return answer
    kept = [part for part in answer.paragraphs if _is_clinics(part.sources, clinics_own)]
    if not kept:
        return None
    changes: dict[str, object] = {"paragraphs": kept}
    if len(kept) < len(answer.paragraphs):
        changes["short"] = "\n\n".join(part.text for part in kept)
    for name, field in answer.__fields__.items():
        if name not in _JUDGED_APART:
            value = getattr(answer, name)
            sources = getattr(value, "sources", ()) if isinstance(value, BaseModel) else ()
            changes[name] = value if _is_clinics(sources, clinics_own) else field.get_default()
    return answer.copy(update=changes)


def _is_clinics(sources: Collection[str], clinics_own: Collection[str]) -> bool:
    return bool(sources) and all(source in clinics_own for source in sources)

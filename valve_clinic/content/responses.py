"""The fixed texts of the domain in another language, from `responses.yml` in that language's folder."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Extra, Field

from valve_clinic import paths
from valve_clinic.content import loader, shapes
from valve_clinic.content.policy import Translations


class Responses(BaseModel, extra=Extra.forbid):
    """`responses.yml`: texts by the response's name, the words of buttons by payload and of links by address."""

    status: Literal["draft", "published"]
    texts: dict[str, str]
    buttons: dict[str, str]
    links: dict[str, str]
    #: Words of a button where the response decides, by response and payload.
    named: dict[str, dict[str, str]] = Field(default_factory=dict)
    #: Buttons, by payload, that the English response has not.
    added: dict[str, list[str]] = Field(default_factory=dict)

    def button(self, response: str, payload: str) -> str | None:
        """Return the words of a button, or None where there are none."""
        return self.named.get(response, {}).get(payload) or self.buttons.get(payload)


def path_of(language: str, folder: Path = paths.CONTENT) -> Path:
    """Return where the language's texts would be."""
    return folder / language / "responses.yml"


@lru_cache(maxsize=8)
def served(language: str, translations: Translations, folder: Path = paths.CONTENT) -> Responses | None:
    """Return the texts with the phone number filled in, or None where none may be served.

    Read once, as the domain is. Raises `ContentError` for a file that is wrong.
    """
    path = path_of(language, folder)
    if not path.is_file():
        return None
    found, _ = shapes.read_mapping(path, Responses)
    if found.status != "published" and translations is not Translations.DRAFTS:
        return None
    phone = loader.load_clinic(folder / "clinic.yml").phone
    return found.copy(update={"texts": {name: text.replace("{phone}", phone) for name, text in found.texts.items()}})

"""Write the entities that the vocabulary finds into the user texts of story files, as `rasa test` wants them.

`python scripts/annotate_stories.py tests/test_stories.yml`: run it after adding a story or a word to data/nlu.yml,
then read the difference: the annotation is what the test expects from now on.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import spacy
import yaml

from valve_clinic.nlu.language import LANGUAGE_DIR, VOCABULARY_FILE

ANNOTATION = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")


def synonyms() -> dict[str, str]:
    found = {}
    for item in yaml.safe_load(VOCABULARY_FILE.read_text(encoding="utf-8"))["nlu"]:
        if "synonym" in item:
            for line in item["examples"].splitlines():
                found[line[2:].strip().lower()] = item["synonym"]
    return found


def annotate(text: str, nlp: spacy.Language, values: dict[str, str]) -> str:
    plain = ANNOTATION.sub(r"\1", text)
    for entity in reversed(nlp(plain).ents):
        value = values.get(entity.text.lower(), entity.text)
        mark = f"({entity.label_})" if value == entity.text else f'{{"entity": "{entity.label_}", "value": "{value}"}}'
        plain = plain[: entity.start_char] + f"[{entity.text}]{mark}" + plain[entity.end_char :]
    return plain


def main() -> None:
    nlp, values = spacy.load(LANGUAGE_DIR), synonyms()
    for name in sys.argv[1:]:
        lines = Path(name).read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            if line.strip() == "- user: |":
                following = lines[number + 1]
                indent = following[: len(following) - len(following.lstrip())]
                lines[number + 1] = indent + annotate(following.strip(), nlp, values)
        Path(name).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

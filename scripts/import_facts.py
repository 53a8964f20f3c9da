"""Make content/facts.yml from a facts file in the supplied layout: `python scripts/import_facts.py SUPPLIED.yml`.

The project's copy keeps id, topic, fact, confidence and the source's name, address and date. The clinic's page has no
address in the supplied copy, so its url is null. Addresses are written with https, the only scheme the chat shows.
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

HEADER = """\
# The facts behind the answers, each in plain words with its source. Compiled 2026-11-22; not reviewed by a clinician.
# confidence high: stated by an official or primary source that was read; medium: secondary, manufacturer, other
# hospital, or older. url null: the clinic's own page, of which only an undated copy without an address is known.
"""


def main() -> None:
    supplied = yaml.safe_load(Path(sys.argv[1]).read_text(encoding="utf-8"))
    facts = []
    for item in supplied:
        url = item["source_url"]
        facts.append(
            {
                "id": item["id"],
                "topic": item["topic"],
                "fact": item["fact"],
                "source": {
                    "name": item["source_name"],
                    "url": "https://" + url.split("://", 1)[1] if "://" in url else None,
                    "date": str(item["source_date_or_version"]),
                },
                "confidence": item["confidence"],
            }
        )
    target = Path(__file__).resolve().parent.parent / "content" / "facts.yml"
    text = yaml.safe_dump(facts, sort_keys=False, allow_unicode=True, width=120)
    target.write_text(HEADER + text, encoding="utf-8")
    print(f"{target}: {len(facts)} facts")


if __name__ == "__main__":
    main()

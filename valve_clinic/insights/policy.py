"""Under which content security policy the report's page works: apart from its making, which needs matplotlib."""

from __future__ import annotations

import base64
import hashlib
import re

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def of_page(html: str) -> str:
    """Return the policy of a finished page: its own style by hash, its pictures, and nothing else.

    The first style is the page's own: whatever a patient typed is escaped, and stands behind it.
    """
    found = _STYLE.search(html)
    return of_style(found[1] if found else "")


def of_style(style: str) -> str:
    """Return the policy of a page with this style."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )

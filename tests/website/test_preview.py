"""The editor's preview page in a real browser: axe finds nothing in light and dark, and it fits a phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser

from valve_clinic.content import loader, preview

from .test_accessibility_rules import TAGS


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_preview_is_accessible_and_fits_a_phone(browser: Browser, scheme: str, tmp_path: Path) -> None:
    path = tmp_path / "preview.html"
    path.write_text(preview.render(loader.parse(), "ask_recovery_time"), encoding="utf-8")
    context = browser.new_context(viewport={"width": 320, "height": 640}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    dark = page.evaluate("getComputedStyle(document.querySelector('.root')).backgroundColor") == "rgb(20, 25, 30)"
    assert dark == (scheme == "dark")
    page.evaluate(AXE_SCRIPT + "; 0")
    found = page.evaluate("tags => axe.run(document, { runOnly: tags })", TAGS)
    context.close()
    assert len(found["passes"]) > 10
    assert [f"{rule['id']}: {node['html'][:120]}" for rule in found["violations"] for node in rule["nodes"]] == []

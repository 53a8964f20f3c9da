"""Take the README's pictures of a running server: `python scripts/screenshots.py http://localhost:5005/ [folder]`."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from valve_clinic import paths, settings

IMAGES = paths.ROOT / "docs" / "images"


def ask(page: Page, text: str, kind: str) -> None:
    page.locator("#field").fill(text)
    page.keyboard.press("Enter")
    page.locator(f'.msg.bot[data-kind="{kind}"]').last.wait_for()
    page.wait_for_timeout(400)


def main(url: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    chromium = settings.get("CHROMIUM") or "/usr/bin/chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, width, height, question, kind in (
            ("answer.png", 1280, 800, "how long will i be in the hospital after the clip?", "answer"),
            ("phone.png", 390, 844, "my chest hurts bad and i cant breathe", "emergency"),
        ):
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto(url)
            page.get_by_role("button", name="Ask about your heart valve").click()
            page.locator(".msg.bot").first.wait_for()
            ask(page, question, kind)
            page.screenshot(path=str(folder / name))
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]) if len(sys.argv) > 2 else IMAGES)

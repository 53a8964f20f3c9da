"""Make the pictures of docs/editing.md again: `python scripts/editing_pictures.py [folder]`.

The preview and the check are real: the page and the output of the commands, the mistakes made in a copy of content/.
The pages of the git host are drawings and say so.
"""

from __future__ import annotations

import html
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from valve_clinic import paths, settings
from valve_clinic.content import loader, preview

IMAGES = paths.ROOT / "docs" / "images"
TOPIC = "ask_recovery_time"
TERMINAL = "body{margin:0;background:#14191e;color:#eef1f4;font:15px/1.5 monospace;padding:16px;white-space:pre-wrap}"
HOST = """body{margin:0;font:15px/1.5 sans-serif;color:#1a2026;background:#fff;padding:16px}
.note{background:#fff5d9;border:2px solid #8a5a00;padding:6px 10px;margin-bottom:12px;font-weight:bold}
.bar{display:flex;justify-content:space-between;border:1px solid #6f7a85;padding:8px 10px;background:#eef2f5}
.file{border:1px solid #6f7a85;border-top:0;font:14px/1.6 monospace;padding:10px;white-space:pre-wrap}
.key{border:2px solid #0f5d73;border-radius:6px;padding:2px 12px;background:#0f5d73;color:#fff;font-weight:bold}
mark{background:#ffe08a}.box{border:1px solid #6f7a85;padding:12px;margin-top:12px}"""
NOTE = '<div class="note">Drawing. Your host looks a little different.</div>'


def shoot(browser: Browser, page: str, path: Path, width: int = 820, height: int = 200, whole: bool = True) -> None:
    tab = browser.new_page(viewport={"width": width, "height": height})
    tab.set_content(page)
    tab.screenshot(path=str(path), full_page=whole)
    tab.close()


def check(home: Path) -> str:
    """Return what `valve-clinic content check` says of the checkout at `home`."""
    command = [str(Path(sys.executable).with_name("valve-clinic")), "content", "check"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "VALVE_CLINIC_HOME": str(home)})
    return f"$ valve-clinic content check\n{done.stdout}{done.stderr}"


def terminal(text: str) -> str:
    return f"<style>{TERMINAL}</style>{html.escape(text)}"


def edit_page() -> str:
    lines = (paths.CONTENT / f"{TOPIC}.yml").read_text(encoding="utf-8").splitlines()[:17]
    text = html.escape("\n".join(lines)).replace("After MitraClip", "<mark>After MitraClip</mark>", 1)
    bar = f'<div class="bar"><span>content / {TOPIC}.yml</span><span class="key">Commit changes</span></div>'
    return f'<style>{HOST}</style>{NOTE}{bar}<div class="file">{text}</div>'


def propose_page() -> str:
    box = """<div class="box"><b>Say what you changed</b><p>Say the hospital stay in shorter words</p>
<p>( ) Put it on main at once<br>(x) Make a new branch and ask for a review</p>
<span class="key">Propose changes</span></div>"""
    return f"<style>{HOST}</style>{NOTE}{box}"


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        home = Path(place)
        shutil.copytree(paths.CONTENT, home / "content")
        shutil.copytree(paths.DATA, home / "data")
        right = check(home)
        topic = home / "content" / f"{TOPIC}.yml"
        text = topic.read_text(encoding="utf-8")
        topic.write_text(text.replace("within 2 to 3 days", "within 1 day", 1), encoding="utf-8")
        wrong = check(home)
        path = settings.get("CHROMIUM") or "/usr/bin/chromium"
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        shoot(browser, edit_page(), folder / "editing-host.png")
        shoot(browser, propose_page(), folder / "editing-propose.png", height=300)
        shoot(browser, terminal(wrong), folder / "editing-refused.png", height=80)
        shoot(browser, terminal(right), folder / "editing-right.png", height=80)
        page = preview.render(loader.parse(), TOPIC)
        shoot(browser, page, folder / "editing-preview.png", height=620, whole=False)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)

"""Narrow, zoomed, enlarged, spaced out, forced colours, hostile style sheets: nothing cut off or overlapping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import Visitor
from .fake import STRICT, answer
from .screens import take_picture

LONG = "Pneumonoultramicroscopicsilicovolcanoconiosis" * 2
WINDOWS: dict[str, dict[str, Any]] = {
    "320px": {"viewport": {"width": 320, "height": 568}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
    "zoom-200": {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2},
    "zoom-400": {"viewport": {"width": 320, "height": 200}, "device_scale_factor": 4},
    "wide": {"viewport": {"width": 1280, "height": 800}},
}
# WCAG 1.4.12: spacing that a reader may set.
SPACING = """
* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
p { margin-bottom: 2em !important; }
"""
HOSTILE = """
html { font-size: 62.5% !important; }
body { font: 900 italic 40px/0.5 fantasy !important; color: red !important; text-align: right;
  visibility: visible; --bg: red; --text: red; }
* { letter-spacing: 1em !important; word-spacing: 3em !important; line-height: 9 !important;
  text-transform: uppercase !important;
  color: yellow !important; background: yellow !important; font-size: 8px !important;
  padding: 30px !important; margin: 30px !important;
  border: 9px solid lime !important; text-indent: 5em !important; text-shadow: 0 0 9px red !important;
  float: left !important;
  box-sizing: content-box !important; outline: none !important; cursor: none !important; white-space: nowrap !important;
  direction: rtl; --bg: red !important; --vc-accent: yellow !important; }
div, section, button, dialog, valve-clinic-chat {
  display: inline !important; width: 10px !important; height: 10px !important;
  position: static !important; opacity: .1 !important; transform: rotate(45deg) !important;
  filter: blur(9px) !important;
  z-index: -1 !important; overflow: hidden !important; pointer-events: none !important; user-select: none !important; }
"""


def fill(chat: Visitor) -> None:
    """Get everything into the log that a patient can see."""
    chat.say("table").say("signed").say("book", "handoff").say("unsure", "clarify").say("dizzy", "check")
    chat.site.answers(
        answer(LONG, links=[{"title": LONG, "url": f"https://{LONG.lower()}.example/{LONG}"}], buttons=[LONG])
    )
    chat.say(LONG)
    chat.site.fails(503)
    chat.say("how long?", "failure").say("chest pain", "emergency")
    chat.field.fill("x" * 450)


def enlarge(chat: Visitor, pixels: int) -> None:
    """Set the reader's own text size, as in the browser's settings."""
    chat.page.context.new_cdp_session(chat.page).send(
        "Page.setFontSizes", {"fontSizes": {"standard": pixels, "fixed": pixels * 13 // 16}}
    )


def assert_whole(chat: Visitor, state: str) -> None:
    assert chat.see("cut") == [], state
    assert chat.see("overlaps") == [], state


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("pixels", [16, 32], ids=["text-100", "text-200"])
def test_nothing_is_cut_off_or_overlaps(visit: Callable[..., Visitor], window: str, pixels: int) -> None:
    chat = visit(**WINDOWS[window])
    enlarge(chat, pixels)
    assert chat.see("size", ".launcher") == pixels
    assert_whole(chat, "closed")
    chat.open()
    assert_whole(chat, "open")
    assert chat.see("reachable", ".choice")
    fill(chat)
    assert chat.see("size", ".body") == pixels
    assert_whole(chat, "a long conversation")
    for selector in ("#field", ".send", ".emergency a.call", ".retry", ".small", ".bar a", ".head .flat"):
        assert chat.see("reachable", selector), f"{selector} cannot be got at"
    chat.page.get_by_role("button", name="Menu").click()
    assert_whole(chat, "menu")
    chat.page.get_by_role("button", name="Delete this conversation").click()
    assert_whole(chat, "confirm")
    assert chat.see("reachable", ".danger")
    take_picture(chat, f"layout-{window}-{pixels}")


def test_wider_spacing_fits(visit: Callable[..., Visitor]) -> None:
    chat = visit(viewport={"width": 320, "height": 568}).open()
    chat.see("addSheet", SPACING)
    fill(chat)
    assert_whole(chat, "spaced")


@pytest.mark.parametrize("pixels", [10, 16, 32])
def test_every_target_is_at_least_44_pixels(visit: Callable[..., Visitor], pixels: int) -> None:
    """Smaller text must not make smaller targets."""
    chat = visit()
    enlarge(chat, pixels)
    assert chat.see("targets")[0][0] >= 44
    chat.open()
    fill(chat)
    chat.page.get_by_role("button", name="Menu").click()
    small = [target for target in chat.see("targets") if target[0] < 43.9]
    assert small == []
    chat.page.get_by_role("button", name="Delete this conversation").click()
    assert [target for target in chat.see("targets") if target[0] < 43.9] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_at_least_4_5_for_text_and_3_for_controls(visit: Callable[..., Visitor], scheme: str) -> None:
    chat = visit(color_scheme=scheme)
    found = [*chat.see("contrasts")]
    chat.open()
    fill(chat)
    chat.page.get_by_role("button", name="Menu").click()
    found += chat.see("contrasts")
    edges = chat.see("edges")
    chat.page.get_by_role("button", name="Delete this conversation").click()
    found += chat.see("contrasts")
    assert len(found) > 80
    assert [text for text in found if text[0] < 4.5] == []
    assert [edge for edge in edges if edge[0] < 3] == []


def test_contrast_is_measured_where_it_is_wanting(chat: Visitor) -> None:
    chat.see("addSheet", ".body{color:#999}.root{--line:#ddd}")
    assert chat.see("contrasts")[0][0] < 4.5
    assert chat.see("edges")[0][0] < 3


def test_forced_colours_leave_every_edge_and_text(visit: Callable[..., Visitor]) -> None:
    chat = visit(forced_colors="active")
    assert chat.page.evaluate("matchMedia('(forced-colors: active)').matches")
    chat.open()
    assert chat.see("style", [".choice", "borderTopStyle"]) == "solid"
    fill(chat)
    assert_whole(chat, "forced colours")
    assert [text for text in chat.see("contrasts") if text[0] < 4.5] == []
    for selector in (".panel", ".head", ".me", ".answer", ".emergency", ".send", "#field", ".small"):
        width, style = chat.see("style", [selector, "borderTopWidth"]), chat.see("style", [selector, "borderTopStyle"])
        assert style == "solid", selector
        assert float(width.removesuffix("px")) >= 1, selector
    assert chat.see("style", [".emergency", "borderTopWidth"]) > chat.see("style", [".answer", "borderTopWidth"])
    chat.field.focus()
    assert chat.see("focusRing")["width"] >= 2
    take_picture(chat, "forced-colours")


@pytest.mark.parametrize(("wish", "name"), [("reduce", "none"), ("no-preference", "dot")])
def test_motion_stops_for_who_asks_for_it(visit: Callable[..., Visitor], wish: str, name: str) -> None:
    chat = visit(reduced_motion=wish).open()
    chat.site.holding = True
    chat.say("how long?", kind=None)
    expect(chat.page.locator(".dots")).to_be_visible()
    assert chat.see("style", [".dots i", "animationName"]) == name
    chat.site.release()


def test_hostile_style_sheets_of_the_page_change_nothing(visit: Callable[..., Visitor]) -> None:
    csp = STRICT.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
    plain = "<!doctype html><html lang=en><title>x</title>{}<body><script src=/webhooks/website/widget.js></script>"
    pages = {"/plain": plain.format(""), "/hostile": plain.format(f"<style>{HOSTILE}</style>")}
    looks = []
    for path in pages:
        chat = visit(csp=csp, path=path, pages=pages, color_scheme="light")
        closed = chat.see("looks")
        chat.open().say("table").say("chest pain", "emergency")
        looks.append(closed + chat.see("looks"))
        assert chat.see("reachable", ".send")
    plain_looks, hostile_looks = looks
    assert len(plain_looks) == len(hostile_looks)
    changed = {
        (one[0], before, after)
        for one, two in zip(plain_looks, hostile_looks, strict=True)
        for before, after in zip(one, two, strict=True)
        if before != after
    }
    assert changed == set()


def test_the_page_beside_the_chat_stays_as_it_was(visit: Callable[..., Visitor]) -> None:
    chat = visit()
    looks = "getComputedStyle(document.body).cssText + document.body.scrollHeight + document.documentElement.className"
    before = chat.page.evaluate(looks)
    chat.open().say("how long?")
    assert chat.page.evaluate(looks) == before
    assert chat.page.evaluate("document.querySelectorAll('style, body link').length") == 0

"""The examples of docs/website.md, opened as somebody would put them on a site."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from valve_clinic import paths

from .conftest import Visitor

DOCS = paths.ROOT / "docs"
EXAMPLES = DOCS / "examples"
HOST = "https://chat.example.org"
NO_POLICY = "default-src * 'unsafe-inline'"
# What a theme of WordPress brings: styles for elements, and blocks around the content.
WORDPRESS = """<!doctype html><html lang="en-US"><title>WordPress</title>
<style>:root{{font-size:62.5%}}*,button,input,textarea{{font-family:serif;letter-spacing:.05em}}
button:not(:hover):not(:active):not(.has-background){{background:#cd2653;color:#fff;border:0;text-transform:uppercase}}
a{{color:#cd2653}}.wp-site-blocks{{padding:2em}}</style>
<body class="home page wp-custom-logo">
<div class="wp-site-blocks"><main class="wp-block-group"><h1>Clinic</h1></main></div>{}"""


def example(name: str) -> str:
    return (EXAMPLES / name).read_text(encoding="utf-8")


def test_plain_html_from_another_host(visit: Callable[..., Visitor]) -> None:
    chat = visit(csp=NO_POLICY, chat=HOST, path="/x", pages={"/x": example("plain.html")})
    chat.open().say("how long?")


def test_a_page_behind_its_own_address(visit: Callable[..., Visitor]) -> None:
    chat = visit(csp=NO_POLICY, path="/x", pages={"/x": example("same-origin.html")}).open()
    chat.say("how long?")
    expect(chat.page.get_by_role("dialog", name="Questions about your valve")).to_be_visible()
    box = chat.dialog.bounding_box()
    assert box is not None
    assert box["x"] < 100


def test_the_wordpress_plugin_prints_the_line_and_the_theme_leaves_the_chat_alone(
    visit: Callable[..., Visitor],
) -> None:
    printed = re.findall(r"\?>\n(.*?)<\?php", example("wordpress-plugin.php"), re.DOTALL)
    assert len(printed) == 1
    chat = visit(csp=NO_POLICY, chat=HOST, path="/x", pages={"/x": WORDPRESS.format(printed[0])})
    assert chat.see("size", ".launcher") == 16
    assert chat.see("style", [".launcher", "textTransform"]) == "none"
    chat.open().say("how long?")
    assert chat.see("cut") == []


def test_the_proxy_example_passes_on_the_channel_and_nothing_else() -> None:
    config = example("nginx.conf")
    assert re.findall(r"^location (\S+)", config, re.MULTILINE) == ["/webhooks/website/"]
    assert config.count("{") == config.count("}")


def test_every_attribute_that_the_widget_reads_is_documented_and_no_other() -> None:
    code = (paths.ROOT / "widget" / "src" / "widget.js").read_text(encoding="utf-8")
    read = {*re.findall(r"\boptions\.(\w+)", code), *re.findall(r"'(\w+)' in options", code)}
    page = (DOCS / "website.md").read_text(encoding="utf-8")
    assert read == set(re.findall(r"^\| `data-(\w+)`", page, re.MULTILINE))

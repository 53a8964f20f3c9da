"""Strict content security policies and Trusted Types: the widget works, and nothing is violated."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .conftest import Visitor
from .fake import STRICT
from .test_options import page

HOST = "https://chat.example.org"
CROSS = (
    f"default-src 'none'; script-src {HOST}; connect-src {HOST}; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
LISTEN = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => {
  violations.push(`${event.violatedDirective}: ${event.blockedURI}`);
});
"""


def use_everything(chat: Visitor) -> None:
    """Walk through whatever touches styles, scripts or the network."""
    chat.page.evaluate("window.print = () => { setTimeout(() => dispatchEvent(new Event('afterprint')), 50); }; 0")
    chat.open().say("table").say("chest pain", "emergency").say("unsure", "clarify")
    chat.page.get_by_role("button", name="Neither").click()
    expect(chat.bot("answer")).to_have_count(2)
    chat.page.get_by_role("button", name="Yes, this was helpful").last.click()
    expect(chat.page.get_by_text("Thank you")).to_be_visible()
    for item in ("Copy conversation", "Print conversation"):
        chat.page.get_by_role("button", name="Menu").click()
        chat.page.get_by_role("button", name=item).click()
    chat.site.fails(503)
    chat.say("how long?", "failure")
    chat.page.get_by_role("button", name="Try again").click()
    expect(chat.bot("answer")).to_have_count(3)
    chat.page.reload()
    expect(chat.bot("answer")).to_have_count(3)
    chat.page.get_by_role("button", name="Close").click()


def visitor(visit: Callable[..., Visitor], csp: str, src: str = "/webhooks/website/widget.js", **more: str) -> Visitor:
    chat = visit(csp=csp, path=None, pages={"/p": page('data-colour="#7a1f5c"', src=src)}, **more)
    chat.page.add_init_script(LISTEN)
    return chat.go("/p")


@pytest.mark.parametrize("csp", [STRICT, STRICT + "; trusted-types 'none'", "script-src 'self'; style-src 'self'"])
def test_from_the_pages_own_origin(visit: Callable[..., Visitor], csp: str) -> None:
    chat = visitor(visit, csp)
    use_everything(chat)
    assert chat.page.evaluate("violations") == []
    assert chat.see("style", [".launcher", "backgroundColor"]) == "rgb(122, 31, 92)", "styled all the same"


def test_from_another_origin_with_only_the_chats_host_allowed(visit: Callable[..., Visitor]) -> None:
    chat = visitor(visit, CROSS, src=f"{HOST}/webhooks/website/widget.js", chat=HOST)
    use_everything(chat)
    assert chat.page.evaluate("violations") == []
    assert chat.see("style", [".launcher", "backgroundColor"]) == "rgb(122, 31, 92)"


def test_a_violation_would_be_seen(visit: Callable[..., Visitor]) -> None:
    chat = visitor(visit, STRICT)
    chat.page.evaluate(
        "document.body.append(document.createElement('style')), document.querySelector('style').textContent = 'a{}'"
    )
    chat.until("violations.length > 0")
    assert chat.page.evaluate("violations[0]") == "style-src-elem: inline"
    chat.wrong.clear()

"""Nothing that a reply holds becomes code or a link elsewhere, whatever the server (or who got into it) sends."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .conftest import Visitor
from .fake import ORIGIN, SOURCE, reply
from .test_options import page as options_page

CORPUS = [
    "<script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    "<svg onload=window.hit=1><script>window.hit=1</script></svg>",
    "<iframe srcdoc='<script>parent.hit=1</script>'></iframe>",
    "<a href=javascript:window.hit=1>x</a>",
    "[x](javascript:window.hit=1)",
    "![x](https://evil.example/x.png)",
    '"><body onload=window.hit=1>',
    "'-window.hit=1-'",
    "</textarea><details open ontoggle=window.hit=1>",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.hit=1>",
    "<template shadowrootmode=open><slot onslotchange=window.hit=1></template>",
    "{{constructor.constructor('window.hit=1')()}}",
    "${window.hit=1}",
    "&lt;script&gt;window.hit=1&lt;/script&gt;",
    "\u202egnp.exe\u2066 \u0000 \ufeff \ud83d\ude00",
    "- <b>item</b>\n- {left} $& $1",
]
BAD_URLS = [
    "javascript:window.hit=1",
    "JaVaScRiPt:window.hit=1",
    " javascript:window.hit=1",
    "java\tscript:window.hit=1",
    "\x01javascript:window.hit=1",
    "data:text/html,<script>window.hit=1</script>",
    "vbscript:x",
    "blob:https://clinic.example/1",
    "file:///etc/passwd",
    "http://clinic.example/",
    "mailto:x@example.org",
    "//evil.example/",
    "/\\evil.example",
    "/\t/evil.example",
    "\\\\evil.example",
    "visit",
    "#top",
    "?q=1",
    "",
    "https:",
    "https://",
    "https://[",
    "ftp://evil.example",
    "intent://x",
    "about:blank",
]
GOOD_URLS = [
    "https://www.heart.org/x?y=1#z",
    "tel:911",
    "tel:+15015523400",
    "sms:988",
    "/visit",
    "/a/b?c=d#e",
    "HTTPS://www.heart.org/",
]
NAMES = {
    "a",
    "b",
    "button",
    "caption",
    "dialog",
    "div",
    "form",
    "h2",
    "i",
    "label",
    "li",
    "p",
    "path",
    "section",
    "span",
    "svg",
}
NAMES |= {"table", "tbody", "td", "textarea", "th", "thead", "tr", "ul"}


def assert_harmless(chat: Visitor) -> None:
    markup = chat.see("markup")
    assert set(markup["names"]) <= NAMES
    assert markup["handlers"] == []
    assert markup["inline"] == 0
    assert [url for url in markup["urls"] if url not in {*GOOD_URLS, SOURCE["url"]}] == []
    assert chat.page.evaluate("window.hit") is None


@pytest.mark.parametrize("kind", ["answer", "emergency", "notice", "unknown"])
def test_text_stays_text_wherever_it_stands(chat: Visitor, kind: str) -> None:
    cells = [[text, text] for text in CORPUS]
    chat.site.answers(
        *(
            reply(
                kind,
                text,
                buttons=[text],
                links=[{"title": text, "url": "/visit"}],
                source={"name": text, "url": "https://www.heart.org/x?y=1#z", "date": text, "reviewed": text},
                reference=text,
                table={"caption": text, "head": ["", text], "rows": cells},
            )
            for text in CORPUS
        )
    )
    chat.say("evil", None)
    expect(chat.bot("notice" if kind == "unknown" else kind)).to_have_count(
        len(CORPUS) + (kind in ("notice", "unknown"))
    )
    shown = chat.page.locator(".log").inner_text()
    for text in CORPUS[:12]:
        assert text in shown
    assert_harmless(chat)


def test_what_the_patient_types_stays_text(chat: Visitor) -> None:
    for text in CORPUS:
        chat.say(text)
    assert_harmless(chat)


def test_the_texts_of_errors_and_of_the_restored_conversation_stay_text(chat: Visitor) -> None:
    chat.site.fails(
        503, *(reply("notice", text, links=[{"title": text, "url": "javascript:hit=1"}]) for text in CORPUS)
    )
    chat.say(CORPUS[0], "failure")
    assert_harmless(chat)
    chat.site.answers(*(reply("answer", text, buttons=[text]) for text in CORPUS))
    chat.say(CORPUS[1], None)
    expect(chat.bot("answer")).to_have_count(len(CORPUS))
    chat.page.reload()
    expect(chat.bot("answer")).to_have_count(len(CORPUS))
    assert_harmless(chat)


def test_only_https_phone_and_paths_of_the_site_become_links(chat: Visitor) -> None:
    source = {"name": "S", "date": None, "reviewed": None}
    chat.site.answers(
        *(
            reply("answer", "Text.", links=[{"title": "bad", "url": url}], source={**source, "url": url})
            for url in BAD_URLS
        ),
        *(reply("handoff", "Text.", links=[{"title": "good", "url": url}]) for url in GOOD_URLS),
        *(reply("emergency", "Text.", links=[{"title": "bad", "url": url}]) for url in BAD_URLS),
        reply("answer", "Text.", links=[{"title": "bad", "url": 7}, {"title": "bad"}, None, "x"]),
    )
    chat.say("links", None)
    expect(chat.bot("handoff")).to_have_count(len(GOOD_URLS))
    urls = [url for url in chat.see("markup")["urls"] if url not in ("tel:911", "tel:+15015523400")]
    assert urls == [url for url in GOOD_URLS if url not in ("tel:911", "tel:+15015523400")]
    assert chat.bot("emergency").locator('a[href="tel:911"]').count() == len(BAD_URLS), "911 is there whatever was sent"
    assert_harmless(chat)


def test_links_to_other_sites_open_apart_and_tell_them_nothing(chat: Visitor) -> None:
    chat.site.answers(
        reply("handoff", "Text.", links=[{"title": "Heart", "url": GOOD_URLS[0]}, {"title": "Visit", "url": "/visit"}])
    )
    chat.say("links", None)
    links = chat.bot("handoff").locator("a")
    expect(links).to_have_count(2)
    away, here = links.all()
    assert away.get_attribute("target") == "_blank"
    assert away.get_attribute("rel") == "noopener noreferrer"
    expect(away).to_have_accessible_name("Heart (opens in a new tab)")
    assert here.get_attribute("target") is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("data-title", "<img src=x onerror=window.hit=1>"),
        ("data-colour", "red;background:url(https://evil.example/x)"),
        ("data-colour", "url(https://evil.example/x)"),
        ("data-language", "__proto__"),
        ("data-language", "constructor"),
        ("data-position", "<script>"),
    ],
)
def test_attributes_of_the_script_stay_text(visit: Callable[..., Visitor], name: str, value: str) -> None:
    quoted = value.replace("&", "&amp;").replace('"', "&quot;")
    page = options_page(f'{name}="{quoted}"')
    chat = visit(path="/attributes", pages={"/attributes": page}).open()
    chat.say("how long?")
    assert_harmless(chat)
    expect(chat.launcher).to_have_text("Ask about your heart valve")
    assert chat.page.url.startswith(ORIGIN)

"""The attributes of the script line, and the table of words."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from valve_clinic import paths
from valve_clinic.content.loader import load_clinic

from .conftest import Visitor
from .fake import STRICT, WIDGET, reply

SCRIPT = "/webhooks/website/widget.js"
Make = Callable[..., Visitor]


def page(attributes: str = "", body: str = "", src: str = SCRIPT) -> str:
    script = f'<script src="{src}" defer {attributes}></script>'
    return f'<!doctype html><html lang="en"><title>x</title>{script}<h1>x</h1>{body}'


def on_page(visit: Make, attributes: str = "", body: str = "", **more: object) -> Visitor:
    return visit(path="/p", pages={"/p": page(attributes, body)}, **more)


def test_one_script_line_without_attributes_is_all(visit: Make) -> None:
    chat = on_page(visit).open()
    expect(chat.page.get_by_role("dialog", name="Valve Clinic chat")).to_be_visible()
    chat.say("how long?")


def test_title(visit: Make) -> None:
    chat = on_page(visit, 'data-title="Heart questions"').open()
    expect(chat.page.get_by_role("dialog", name="Heart questions")).to_be_visible()
    expect(chat.page.get_by_role("heading", name="Heart questions")).to_be_visible()


@pytest.mark.parametrize(
    ("colour", "ink"), [("#ffd84d", 0), ("#7a1f5c", 255), ("rebeccapurple", 255), ("rgb(119 119 119)", 0)]
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colour_gets_the_ink_that_can_be_read_on_it(visit: Make, colour: str, ink: int, scheme: str) -> None:
    chat = on_page(visit, f'data-colour="{colour}"', color_scheme=scheme)
    assert chat.see("style", [".launcher", "color"]) == f"rgb({ink}, {ink}, {ink})"
    assert chat.see("contrasts")[0][0] >= 4.5
    chat.open().say("how long?")
    assert chat.see("style", [".head", "color"]) == f"rgb({ink}, {ink}, {ink})"
    assert chat.see("contrasts")[0][0] >= 4.5


@pytest.mark.parametrize("colour", ["", "blurple", "rgb(0 0 0 / 10%)", "transparent", "var(--x)", "inherit"])
def test_a_colour_that_cannot_be_used_changes_nothing(visit: Make, colour: str) -> None:
    chat = on_page(visit, f'data-colour="{colour}"')
    assert chat.see("style", [".launcher", "backgroundColor"]) == "rgb(15, 93, 115)"
    assert chat.see("contrasts")[0][0] >= 4.5


@pytest.mark.parametrize(("position", "left"), [("left", True), ("right", False), ("elsewhere", False), (None, False)])
def test_position(visit: Make, position: str | None, left: bool) -> None:
    chat = on_page(visit, f'data-position="{position}"' if position else "")
    box = chat.launcher.bounding_box()
    assert box is not None
    assert (box["x"] < 100) is left
    chat.open()
    panel = chat.dialog.bounding_box()
    assert panel is not None
    assert (panel["x"] < 100) is left


def test_endpoint_may_be_another_path(visit: Make) -> None:
    """The script may lie anywhere, for example bundled with the theme; a slash at the end is not needed."""
    chat = visit()
    chat.site.pages["/p"] = page('data-endpoint="/webhooks/website"', src="/theme/chat.js")
    chat.page.route("**/theme/chat.js", lambda route: route.fulfill(path=WIDGET / "dist" / "widget.js"))
    chat.go("/p").open().say("how long?")


def test_endpoint_may_be_another_origin(visit: Make) -> None:
    host = "https://chat.example.org"
    csp = STRICT.replace("connect-src 'self'", f"connect-src {host}")
    pages = {"/p": page(f'data-endpoint="{host}/webhooks/website/"', src="/theme/chat.js")}
    chat = visit(csp=csp, chat=host, path=None, pages=pages)
    chat.page.route("**/theme/chat.js", lambda route: route.fulfill(path=WIDGET / "dist" / "widget.js"))
    chat.go("/p").open().say("how long?")


def test_open_starts_with_the_chat_open_until_it_is_closed(visit: Make) -> None:
    chat = on_page(visit, "data-open")
    expect(chat.dialog).to_be_visible()
    assert chat.focused() == "body", "nobody asked for it: the page keeps the focus"
    chat.page.get_by_role("button", name="Close").click()
    chat.page.reload()
    expect(chat.launcher).to_be_visible()


def test_an_element_placed_by_the_author_takes_its_own_attributes(visit: Make) -> None:
    chat = on_page(
        visit, 'data-title="From the script"', '<valve-clinic-chat data-title="From the element"></valve-clinic-chat>'
    )
    assert chat.page.evaluate("document.querySelectorAll('valve-clinic-chat').length") == 1
    chat.open()
    expect(chat.page.get_by_role("dialog", name="From the element")).to_be_visible()


# --- language ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wish", ["en", "en-US", "es", "fr", "", "x y"])
def test_a_language_without_a_table_is_english_and_says_so(visit: Make, wish: str) -> None:
    chat = on_page(visit, f'data-language="{wish}"')
    expect(chat.launcher).to_have_text("Ask about your heart valve")
    assert chat.page.evaluate("document.querySelector('valve-clinic-chat').lang") == "en"


def words(chat: Visitor, script: str) -> object:
    """Run an expression over the modules of the source: `en`, `es`, `translator`, `pickLanguage`."""
    return chat.page.evaluate(
        "async script => { const { TABLES, translator, pickLanguage } = await import('/src/strings.js');"
        " const { es } = await import('/src/strings.es.js'); const en = TABLES.en; return eval(script); }",
        script,
    )


@pytest.fixture
def source(visit: Make) -> Visitor:
    return visit(csp="script-src 'self' 'unsafe-eval'")


def test_spanish_words_are_a_file_of_their_own_and_the_server_is_told_the_language(visit: Make) -> None:
    words = f'<script src="{SCRIPT.replace("widget.js", "widget.es.js")}" defer></script>'
    whole = page('data-language="es"').replace("<script", words + "<script", 1)
    chat = visit(path="/p", pages={"/p": whole})
    expect(chat.launcher).to_contain_text("Pregunte sobre su válvula")
    chat.open()
    chat.site.answers(reply("answer", "La válvula tiene una fuga.", topic="ask_causes", language="es"))
    chat.say("hola")
    assert chat.site.sent("session") == [{"language": "es"}]
    assert [body["language"] for body in chat.site.sent("messages")] == ["es"]
    expect(chat.bot("answer").locator(".body")).to_have_attribute("lang", "es")
    expect(chat.bot("notice").first.locator(".body")).to_have_attribute("lang", "en")


def test_the_spanish_table_has_every_word_and_no_other(source: Visitor) -> None:
    assert words(source, "Object.keys(es).sort()") == words(source, "Object.keys(en).sort()")


def test_the_spanish_table_has_the_same_gaps_to_fill(source: Visitor) -> None:
    find = "Object.entries(TABLE).map(([key, text]) => key + (text.match(/[{]\\w+[}]/g) || []).sort()).sort()"
    assert words(source, find.replace("TABLE", "es")) == words(source, find.replace("TABLE", "en"))


def test_a_missing_word_falls_back_to_english(source: Visitor) -> None:
    script = "TABLES.xx = {close: 'Zu'}, [pickLanguage('xx-YY'), translator('xx')('close'), translator('xx')('send')]"
    assert words(source, script) == ["xx", "Zu", "Send"]


def test_every_word_is_used_and_every_word_used_is_there(source: Visitor) -> None:
    code = "".join(
        path.read_text(encoding="utf-8") for path in (WIDGET / "src").glob("*.js") if "strings" not in path.name
    )
    keys = words(source, "Object.keys(en)")
    assert isinstance(keys, list)
    unused = [key for key in keys if f"'{key}'" not in code and f"'{key.removesuffix('Long')}'" not in code]
    assert unused == []


def test_spanish_is_added_by_its_table_alone(visit: Make) -> None:
    """The sources with the second table switched on, loaded as modules."""
    body = '<valve-clinic-chat data-language="es-MX" data-endpoint="/webhooks/website/"></valve-clinic-chat>'
    pages = {
        "/es": f'<!doctype html><html lang="es"><title>x</title>{body}'
        '<script type="module" src="/src/widget.js"></script>',
    }
    chat = visit(pages=pages)
    strings = (WIDGET / "src" / "strings.js").read_text(encoding="utf-8")
    spanish = "import { es } from './strings.es.js';\n" + strings.replace(
        "export const TABLES = {", "export const TABLES = {\n  es,"
    )
    chat.page.route("**/src/strings.js", lambda route: route.fulfill(body=spanish, content_type="text/javascript"))
    chat.go("/es").open().say("how long?")
    expect(chat.launcher).to_have_text("Pregunte sobre su válvula cardíaca")
    expect(chat.page.get_by_role("button", name="Enviar")).to_be_visible()
    assert chat.page.evaluate("document.querySelector('valve-clinic-chat').lang") == "es"
    assert chat.bot("answer").locator(".body").get_attribute("lang") == "en", "the clinic answers in English"
    expect(chat.bot("answer").locator(".source")).to_contain_text("14 de mayo de 2024")


def test_the_clinics_number_is_the_one_of_the_content() -> None:
    clinic = load_clinic(paths.CLINIC_FILE)
    strings = (WIDGET / "src" / "strings.js").read_text(encoding="utf-8")
    assert f"CLINIC_PHONE = '{clinic.phone}'" in strings
    assert f"CLINIC_TEL = '{clinic.tel}'" in strings

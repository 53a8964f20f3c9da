"""The console over real HTTP: who gets in, for how long, and what a forged form can do."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from valve_clinic.console import pages
from valve_clinic.console.guard import LOGINS_PER_ACCOUNT, LOGINS_PER_ADDRESS
from valve_clinic.console.store import ConsoleStore

from .conftest import PASSWORD, Browser, Clock, csrf_of


def outcomes(store: ConsoleStore) -> list[tuple[str, str, str]]:
    return [(entry.account, entry.action, entry.outcome) for entry in reversed(store.audit_log())]


@pytest.mark.parametrize("path", ["/", "/login", "/lookup", "/audit", "/console.css"])
def test_without_an_account_there_is_no_console(browser: Browser, path: str) -> None:
    assert browser.get(path).status_code == 404


def test_with_all_accounts_disabled_there_is_no_console(store: ConsoleStore, nurse: Browser) -> None:
    store.disable_account("nurse.one")
    assert nurse.get("/lookup").status_code == 404


def test_a_right_password_opens_the_pages_of_the_role(nurse: Browser) -> None:
    page = nurse.get("/lookup")
    assert (page.status_code, "Look up a code" in page.text, "/console/audit" in page.text) == (200, True, False)
    assert nurse.get("/audit").status_code == 403
    assert nurse.get("/").headers["location"] == "/console/lookup"


def test_a_manager_sees_the_audit_log_and_the_agents_pages(store: ConsoleStore, browser: Browser) -> None:
    store.add_account("boss", "manager", PASSWORD)
    browser.log_in("boss")
    assert browser.get("/lookup").status_code == 200
    assert "<td>boss</td><td>login</td>" in browser.get("/audit").text


@pytest.mark.parametrize(
    ("name", "password"), [("nurse.one", "wrong"), ("nobody", PASSWORD), ("", ""), ("\ud800", "x")]
)
def test_a_wrong_name_and_a_wrong_password_are_told_the_same(store, browser, name, password) -> None:
    store.add_account("nurse.one", "agent", PASSWORD)
    answer = browser.post("/login", name=name.encode("utf-8", "replace").decode(), password=password)
    assert (answer.status_code, "The name or the password is not right." in answer.text) == (401, True)
    assert browser.get("/lookup").headers["location"] == "/console/login"


def test_a_login_without_its_token_is_refused(store: ConsoleStore, browser: Browser) -> None:
    store.add_account("nurse.one", "agent", PASSWORD)
    for forged in ("", "0" * 64, "é"):
        browser.get("/login")
        answer = browser.http.post("/console/login", data={"csrf": forged, "name": "nurse.one", "password": PASSWORD})
        assert answer.status_code == 403
    assert "valve_clinic_console" not in browser.http.cookies


def test_a_form_of_another_site_is_refused(nurse: Browser) -> None:
    token = csrf_of(nurse.get("/lookup"))
    fields = {"csrf": token, "code": "4F7K-9QXM"}
    other = nurse.http.post("/console/lookup", data=fields, headers={"Sec-Fetch-Site": "cross-site"})
    assert other.status_code == 403
    assert nurse.http.post("/console/lookup", data={"code": "4F7K-9QXM"}).status_code == 403
    assert nurse.http.post("/console/lookup", data=fields).status_code == 404  # ours: there is no such code


def test_another_sessions_token_is_refused(store: ConsoleStore, nurse: Browser) -> None:
    token = csrf_of(nurse.get("/lookup"))
    nurse.log_in()
    assert csrf_of(nurse.get("/lookup")) != token
    assert nurse.http.post("/console/lookup", data={"csrf": token, "code": "4F7K-9QXM"}).status_code == 403


@pytest.mark.parametrize("secure", [False, True])
def test_the_cookies_are_kept_from_scripts_and_other_sites(store, browser, secure) -> None:
    store.add_account("nurse.one", "agent", PASSWORD)
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"} if secure else {}
    answer = browser.http.get("/console/login", headers=headers)
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/console" in cookie
    assert ("Secure" in cookie) == secure


def test_every_page_has_a_strict_policy_and_no_script(nurse: Browser) -> None:
    for path in ("/lookup", "/audit", "/login"):
        answer = nurse.get(path)
        assert answer.headers["content-security-policy"] == (
            "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        assert answer.headers["cache-control"] == "no-store"
        assert "<script" not in answer.text


def test_a_session_ends_when_it_is_idle(nurse: Browser, clock: Clock) -> None:
    for minutes, status in ((14, 200), (14, 200), (15, 302)):
        clock.pass_minutes(minutes)
        assert nurse.get("/lookup").status_code == status


def test_a_session_ends_after_eight_hours_whatever_is_done(nurse: Browser, clock: Clock) -> None:
    for _ in range(47):
        clock.pass_minutes(10)
        assert nurse.get("/lookup").status_code == 200
    clock.pass_minutes(10)
    assert nurse.get("/lookup").status_code == 302


def test_logging_out_and_disabling_end_a_session_at_the_server(store: ConsoleStore, nurse: Browser) -> None:
    stolen = dict(nurse.http.cookies)
    token = csrf_of(nurse.get("/lookup"))
    nurse.http.post("/console/logout", data={"csrf": token})
    assert nurse.http.get("/console/lookup", cookies=stolen).status_code == 302
    store.add_account("other", "agent", PASSWORD)
    nurse.log_in()
    store.disable_account("nurse.one")
    assert nurse.get("/lookup").status_code == 302


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_forged_logout_does_nothing(nurse: Browser, headers: dict[str, str]) -> None:
    token = csrf_of(nurse.get("/lookup")) if headers else "0"  # another site's form, even with the right token
    assert nurse.http.post("/console/logout", data={"csrf": token}, headers=headers).status_code == 403
    assert nurse.get("/lookup").status_code == 200, "neither the server nor the browser has dropped the session"


def test_guessing_one_accounts_password_locks_it_and_the_lock_ends(store, browser, clock) -> None:
    store.add_account("nurse.one", "agent", PASSWORD)
    statuses = [browser.log_in(password=f"guess {number}").status_code for number in range(LOGINS_PER_ACCOUNT + 2)]
    assert statuses == [401] * LOGINS_PER_ACCOUNT + [429, 429]
    assert browser.log_in().status_code == 429  # the right one, too
    clock.pass_minutes(15)
    assert browser.log_in().status_code == 303


def test_names_that_nobody_has_are_locked_as_well(store: ConsoleStore, browser: Browser) -> None:
    store.add_account("nurse.one", "agent", PASSWORD)
    statuses = [browser.log_in("nobody", "x").status_code for _ in range(LOGINS_PER_ACCOUNT + 1)]
    assert statuses == [401] * LOGINS_PER_ACCOUNT + [429]


def test_an_address_that_guesses_at_many_names_is_locked_and_others_are_not(store, browser) -> None:
    store.add_account("nurse.one", "agent", PASSWORD)
    browser.http.headers["X-Forwarded-For"] = "192.0.2.1"
    statuses = [browser.log_in(f"name{number}", "x").status_code for number in range(LOGINS_PER_ADDRESS + 1)]
    assert statuses == [401] * LOGINS_PER_ADDRESS + [429]
    assert browser.log_in().status_code == 429
    browser.http.headers["X-Forwarded-For"] = "192.0.2.2"
    assert browser.log_in().status_code == 303


def test_logins_are_audited_and_a_name_that_nobody_has_is_not_written_down(store, browser) -> None:
    store.add_account("nurse.one", "agent", PASSWORD)
    browser.log_in(password="wrong")
    browser.log_in("my secret password")
    browser.log_in()
    assert outcomes(store) == [
        ("nurse.one", "login", "wrong"),
        ("(nobody)", "login", "wrong"),
        ("nurse.one", "login", "ok"),
    ]


def test_the_database_holds_neither_password_nor_token_nor_address(store, nurse) -> None:
    token = nurse.http.cookies["valve_clinic_console"]
    with store.engine.connect() as connection:
        rows = [
            str(row)
            for table in ("account", "session", "attempt", "audit")
            for row in connection.execute(text(f"SELECT * FROM console_{table}"))
        ]
    assert rows
    assert not [row for row in rows if PASSWORD in row or token in row or "127.0.0.1" in row]


def test_pages_stand_in_the_order_of_their_rooms_whatever_was_imported_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "_pages", {})
    for room in ("second", "other", "first"):

        def render(visit: pages.Visit) -> pages.Page:
            return pages.Page("x.html")

        render.__module__ = f"room.{room}"
        pages.add_page(f"/{room}", "agent", render, title=room)
    assert [page.title for page in pages.all_pages(("room.first", "room.second"))] == ["first", "second", "other"]


def test_a_manager_arrives_at_the_look_up_of_codes(store: ConsoleStore, browser: Browser) -> None:
    store.add_account("boss", "manager", PASSWORD)
    browser.log_in("boss")
    # As when another module had imported the rooms before, in an order of its own.
    pages._pages["/lookup"] = pages._pages.pop("/lookup")
    assert browser.get("/").headers["location"] == "/console/lookup"

"""Whatever bytes come, a request is read as the contract's shape or refused with the contract's error."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from valve_clinic.channel import requests
from valve_clinic.channel.errors import ApiError
from valve_clinic.channel.text import MAX_CHARACTERS
from valve_clinic.operations import metrics

CLIENT_ID = "3f2b8c1e-5d4a-4f6b-9a7c-0123456789ab"
JSON_TYPE = {"content-type": "application/json"}
ANY_CHARACTERS = st.text(st.characters(exclude_categories=()), max_size=60)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_CHARACTERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_CHARACTERS, inner, max_size=4),
    max_leaves=12,
)


@dataclass
class Sent:
    """As much of a Sanic request as is read."""

    body: bytes
    headers: dict[str, str] = field(default_factory=lambda: dict(JSON_TYPE))
    remote_addr: str = ""
    ip: str = "192.0.2.7"


def sent(data: Any) -> Any:
    return Sent(json.dumps(data).encode())


def refusal(read: Any, request: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        read(request)
    return caught.value


@given(st.binary(max_size=200))
@example(b'{"id":"' + CLIENT_ID.encode() + b'","text":"\\ud800"}')
@example(b"[" * 10_000)
@example(b'{"a":' * 3_000)
@example(b"\xff\xfe{}")
@example(b"1" * 5_000)
@example(b'{"id": NaN}')
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for read in (requests.read_message, requests.read_feedback, requests.read_event):
        try:
            read(Sent(body))  # type: ignore[arg-type, operator]
        except ApiError as error:
            assert error.status in {400, 413, 415, 422}


@given(ANY_JSON)
def test_any_json_is_read_or_refused(data: Any) -> None:
    for read in (requests.read_message, requests.read_feedback, requests.read_event, requests.read_start):
        try:
            read(sent(data))
        except ApiError as error:
            assert error.status in {400, 413, 415, 422}


@given(ANY_CHARACTERS)
@example("\ud800")
@example("a\x00b")
@example("\u200b/restart")
def test_a_text_that_is_read_can_be_stored_and_is_not_a_command(text: str) -> None:
    try:
        message = requests.read_message(sent({"id": CLIENT_ID, "text": text}))
    except ApiError as error:
        assert (error.status, error.code) == (422, "empty")
        return
    assert message.text
    assert not message.text.startswith("/")
    assert "\x00" not in message.text
    message.text.encode("utf-8")


@given(ANY_CHARACTERS)
@example(CLIENT_ID + "\n")
@example("\uff11" + CLIENT_ID[1:])
def test_only_a_uuid_is_taken_as_the_clients_id(client_id: str) -> None:
    error = refusal(requests.read_message, sent({"id": client_id, "text": "hello"}))
    assert error.status == 400


def test_a_text_is_read_and_its_id_is_the_same_in_any_case() -> None:
    message = requests.read_message(sent({"id": CLIENT_ID.upper(), "text": "  what is MR? "}))
    assert message == requests.Message(CLIENT_ID, "what is MR?", None)


def test_a_button_is_read() -> None:
    message = requests.read_message(sent({"id": CLIENT_ID, "button": "q_TzG18SG6SOaC4L"}))
    assert message == requests.Message(CLIENT_ID, None, "q_TzG18SG6SOaC4L")


@pytest.mark.parametrize(
    "data",
    [
        [],
        None,
        "hello",
        {},
        {"text": "hello"},
        {"id": 5, "text": "hello"},
        {"id": "1", "text": "hello"},
        {"id": CLIENT_ID},
        {"id": CLIENT_ID, "text": 5},
        {"id": CLIENT_ID, "text": ["hello"]},
        {"id": CLIENT_ID, "text": "hello", "button": "abc"},
        {"id": CLIENT_ID, "text": "hello", "button": None},
        {"id": CLIENT_ID, "text": None, "button": "abc"},
        {"id": CLIENT_ID, "text": None},
        {"id": CLIENT_ID, "text": "hello", "sender": "me"},
        {"id": CLIENT_ID, "text": "hello", "metadata": {}},
        {"id": CLIENT_ID, "button": "/restart"},
        {"id": CLIENT_ID, "button": "abc\n"},
        {"id": CLIENT_ID, "button": ""},
        {"id": CLIENT_ID, "button": "a" * 65},
        {"id": CLIENT_ID, "button": 7},
    ],
)
def test_a_message_of_another_shape_is_refused_with_400(data: Any) -> None:
    assert refusal(requests.read_message, sent(data)).status == 400


@pytest.mark.parametrize("text", ["", "   ", "/", "\u200b\u200b", "\x00"])
def test_a_text_without_words_is_refused_with_422(text: str) -> None:
    error = refusal(requests.read_message, sent({"id": CLIENT_ID, "text": text}))
    assert (error.status, error.code) == (422, "empty")


def test_a_text_of_500_characters_is_read_and_one_of_501_refused() -> None:
    assert requests.read_message(sent({"id": CLIENT_ID, "text": "x" * MAX_CHARACTERS})).text == "x" * MAX_CHARACTERS
    error = refusal(requests.read_message, sent({"id": CLIENT_ID, "text": "x" * (MAX_CHARACTERS + 1)}))
    assert (error.status, error.code) == (422, "too_long")


def test_characters_are_counted_after_normalisation() -> None:
    text = "\u200b" * 400 + "x" * MAX_CHARACTERS + "\u00ad" * 400 + "\ud800" * 20
    assert requests.read_message(sent({"id": CLIENT_ID, "text": text})).text == "x" * MAX_CHARACTERS
    composed = requests.read_message(sent({"id": CLIENT_ID, "text": "e\u0301" * MAX_CHARACTERS})).text
    assert composed == "\u00e9" * MAX_CHARACTERS
    error = refusal(requests.read_message, sent({"id": CLIENT_ID, "text": "\u2460" + "\u00bd" * 250}))
    assert error.code == "too_long", "one half is three characters"


def test_a_text_that_grows_is_looked_at_up_to_the_limit_of_a_body() -> None:
    grown = requests.text_of(sent({"id": CLIENT_ID, "text": "\ufdfa" * 2000}))
    assert grown is not None
    assert len(grown) == requests.MAX_BODY


@pytest.mark.parametrize(
    "body",
    [
        '{"id": "ID", "id": "ID", "text": "hello"}',
        '{"id": "ID", "text": "one", "text": "two"}',
        '{"id": "ID", "text": {"a": 1, "a": 2}}',
        '{"id": "ID", "text": NaN}',
        '{"id": Infinity, "text": "hello"}',
        '{"id": 1e999, "text": "hello"}',
    ],
)
def test_a_key_that_stands_twice_and_a_number_that_is_none_are_refused_with_400(body: str) -> None:
    assert refusal(requests.read_message, Sent(body.replace("ID", CLIENT_ID).encode())).status == 400


def test_a_short_text_that_grows_when_it_is_normalised_is_refused_as_too_long() -> None:
    error = refusal(requests.read_message, sent({"id": CLIENT_ID, "text": "\ufdfa" * 60}))
    assert (error.status, error.code) == (422, "too_long")


def test_a_body_over_16_kib_is_refused_with_413_before_it_is_parsed() -> None:
    assert refusal(requests.read_message, Sent(b"x" * (requests.MAX_BODY + 1))).status == 413
    assert refusal(requests.read_message, Sent(b"x" * requests.MAX_BODY)).status == 400


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
def test_another_content_type_is_refused_with_415(content_type: str) -> None:
    request = Sent(b'{"id": "x"}', {"content-type": content_type})
    assert refusal(requests.read_message, request).status == 415


def test_json_with_a_charset_is_taken() -> None:
    request: Any = sent({"id": CLIENT_ID, "text": "hello"})
    request.headers["content-type"] = "Application/JSON; charset=utf-8"
    assert requests.read_message(request).text == "hello"


def test_a_compressed_body_is_refused_with_415() -> None:
    body = gzip.compress(json.dumps({"id": CLIENT_ID, "text": "hello"}).encode())
    assert refusal(requests.read_message, Sent(body, {**JSON_TYPE, "content-encoding": "gzip"})).status == 415


def test_feedback_is_read_with_and_without_a_cleaned_comment() -> None:
    plain = requests.read_feedback(sent({"reply": "abc", "helpful": True}))
    assert plain == requests.Feedback("abc", True, None)
    commented = requests.read_feedback(sent({"reply": "abc", "helpful": False, "comment": "/too\x00 long\ud800"}))
    assert commented == requests.Feedback("abc", False, "too long")
    blank = requests.read_feedback(sent({"reply": "abc", "helpful": False, "comment": " "}))
    assert blank.comment is None


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"reply": "abc"}, 400),
        ({"reply": "abc", "helpful": 1}, 400),
        ({"reply": "abc", "helpful": "true"}, 400),
        ({"reply": "a b", "helpful": True}, 400),
        ({"reply": "abc\n", "helpful": True}, 400),
        ({"reply": None, "helpful": True}, 400),
        ({"reply": "abc", "helpful": True, "comment": 5}, 400),
        ({"reply": "abc", "helpful": True, "comment": "x" * 501}, 422),
        ({"reply": "abc", "helpful": True, "comment": "\ufdfa" * 30}, 422),
        ({"reply": "abc", "helpful": True, "session": "x"}, 400),
    ],
)
def test_feedback_of_another_shape_is_refused(data: Any, status: int) -> None:
    assert refusal(requests.read_feedback, sent(data)).status == status


def test_events_of_the_contract_are_read() -> None:
    event = requests.read_event(sent({"event": "phone_clicked", "reply": "abc", "target": "tel:+15015523400"}))
    assert event == requests.Event("phone_clicked", "abc", "tel:+15015523400")
    assert requests.read_event(sent({"event": "closed"})) == requests.Event("closed", None, None)
    assert requests.read_event(sent({"event": "link_clicked", "target": "https://www.heart.org/"})).reply is None


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"event": "exploded"},
        {"event": ["closed"]},
        {"event": {"closed": 1}},
        {"event": "closed", "reply": "/x"},
        {"event": "closed", "at": 1},
        {"event": "link_clicked", "target": "javascript:alert(1)"},
        {"event": "link_clicked", "target": "https://a.example/\n"},
        {"event": "link_clicked", "target": "https://a.example/\u0000"},
        {"event": "link_clicked", "target": "https://a.example/" + "x" * 400},
        {"event": "link_clicked", "target": 5},
    ],
)
def test_events_of_another_shape_are_refused_with_400(data: Any) -> None:
    assert refusal(requests.read_event, sent(data)).status == 400


def test_a_session_may_start_without_a_body_or_with_a_json_one_only() -> None:
    requests.read_start(Sent(b"", {}))  # type: ignore[arg-type]
    requests.read_start(sent({}))
    assert refusal(requests.read_start, Sent(b"a=b", {"content-type": "text/plain"})).status == 415


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "abc"])
def test_a_request_without_a_bearer_token_is_refused_with_401(header: str | None) -> None:
    headers = {} if header is None else {"authorization": header}
    assert refusal(requests.bearer_token, Sent(b"", headers)).status == 401


def test_the_bearer_token_is_read_in_any_case_of_its_scheme() -> None:
    assert requests.bearer_token(Sent(b"", {"authorization": "bearer  abc "})) == "abc"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("named", "counted"),
    [
        ("", "192.0.2.7"),
        ("198.51.100.1", "198.51.100.1"),
        ("198.51.100.1:4711", "198.51.100.1"),
        ("[2001:db8:1:2:3:4:5:6]", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::99]:443", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("unknown", "192.0.2.7"),
        ("_hidden", "192.0.2.7"),
        ("198.51.100.1 or 1=1", "192.0.2.7"),
        ("999.1.1.1", "192.0.2.7"),
    ],
)
def test_the_address_counted_is_the_one_a_trusted_proxy_names_or_else_the_sockets(named: str, counted: str) -> None:
    assert requests.address_of(Sent(b"", remote_addr=named)) == counted  # type: ignore[arg-type]


def test_the_text_of_a_message_can_be_read_however_long_it_is() -> None:
    assert requests.text_of(sent({"id": CLIENT_ID, "text": "/help " * 200})) == ("help " + "/help " * 199).strip()
    assert requests.text_of(sent({"id": CLIENT_ID, "text": "\u200b"})) is None
    assert requests.text_of(sent({"id": CLIENT_ID, "button": "abc"})) is None
    assert requests.text_of(Sent(b"nonsense")) is None  # type: ignore[arg-type]
    assert requests.text_of(Sent(b"x" * 20_000)) is None  # type: ignore[arg-type]


def test_what_is_masked_in_messages_and_comments_is_counted_by_kind() -> None:
    def masked(kind: str) -> float:
        return metrics.REGISTRY.get_sample_value("valve_clinic_masked_total", {"what": kind}) or 0.0

    kinds = ("email", "ssn", "name", "phone")
    before = [masked(kind) for kind in kinds]
    words = "my name is Rosalind Quillfinch, ssn 412-55-0198, or mail zq@example.org and zr@example.org"
    requests.read_message(sent({"id": CLIENT_ID, "text": words}))
    requests.read_feedback(sent({"reply": "r1", "helpful": False, "comment": "call me on 501-555-0188"}))
    assert [masked(kind) - was for kind, was in zip(kinds, before, strict=True)] == [2, 1, 1, 1]

"""The signing key stays private, and a token that it did not sign opens nothing."""

from __future__ import annotations

import hmac
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from valve_clinic.channel.secret import SecretError, Tokens, load_secret, secret_file

KEY = "k" * 40


def test_a_missing_key_is_made_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    key = load_secret(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(key) >= 32
    assert load_secret(path) == key


def test_each_server_makes_another_key(tmp_path: Path) -> None:
    assert load_secret(tmp_path / "one") != load_secret(tmp_path / "two")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused_with_the_mend(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "secret"
    path.write_text(KEY)
    path.chmod(mode)
    with pytest.raises(SecretError, match="chmod 600"):
        load_secret(path)


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe" * 40])
def test_a_key_that_is_too_short_or_not_text_is_refused_with_the_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(SecretError, match=str(path)):
        load_secret(path)


def test_the_environment_names_the_file_of_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSITE_SECRET_FILE", str(tmp_path / "elsewhere"))
    load_secret()
    assert secret_file() == tmp_path / "elsewhere"
    assert secret_file().is_file()


def test_a_token_gives_back_its_conversation() -> None:
    tokens = Tokens(KEY)
    conversation, token = tokens.make()
    assert tokens.read(token) == conversation
    assert Tokens(KEY).read(token) == conversation


def test_conversations_have_at_least_128_random_bits_and_never_repeat() -> None:
    made = [Tokens(KEY).make()[0] for _ in range(200)]
    assert len(set(made)) == 200
    assert all(len(bytes.fromhex(conversation)) * 8 >= 128 for conversation in made)


def test_a_token_of_another_key_or_another_purpose_opens_nothing() -> None:
    conversation, token = Tokens("o" * 40).make()
    assert Tokens(KEY).read(token) is None
    assert Tokens(KEY).read(str(URLSafeSerializer(KEY, salt="other").dumps(conversation))) is None


def test_a_changed_token_opens_nothing() -> None:
    _, token = Tokens(KEY).make()
    for position in range(len(token)):
        changed = "A" if token[position] not in "AB" else "z"
        assert Tokens(KEY).read(token[:position] + changed + token[position + 1 :]) is None


@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_no_invented_token_opens_anything(token: str) -> None:
    assert Tokens(KEY).read(token) is None


def test_a_token_that_was_cut_or_grew_opens_nothing() -> None:
    _, token = Tokens(KEY).make()
    for wrong in (token[:-1], token[1:], token + "A", token + "=", token.replace(".", ".."), token.split(".")[0]):
        assert Tokens(KEY).read(wrong) is None


def test_signatures_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []
    compare = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda one, other: compared.append(one) or compare(one, other))
    _, token = Tokens(KEY).make()
    assert Tokens(KEY).read(token[:-2] + "xx") is None
    assert len(compared) == 1


def test_a_token_is_checked_once_as_long_as_it_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = Tokens(KEY)
    conversation, token = tokens.make()
    assert tokens.read(token) == conversation
    monkeypatch.setattr(tokens, "_serializer", None)
    assert tokens.read(token) == conversation
    with pytest.raises(AttributeError):
        tokens.read(token + "x")

"""The key that signs website sessions, and the tokens made with it."""

from __future__ import annotations

import hashlib
import os
import secrets
from functools import lru_cache
from pathlib import Path

from itsdangerous import BadSignature, URLSafeSerializer

from valve_clinic import paths, settings

_SALT = "valve-clinic-website-session"
MIN_LENGTH = 32
#: How many tokens are remembered with what they say: those of the conversations that are under way.
_REMEMBERED = 1024


class SecretError(RuntimeError):
    """The signing key cannot be used; the message names the file and the mend."""


def secret_file() -> Path:
    """Return the path of the key: WEBSITE_SECRET_FILE, or `var/secret`."""
    named = settings.get("WEBSITE_SECRET_FILE")
    return Path(named) if named else paths.var_path("secret")


def load_secret(path: Path | None = None) -> str:
    """Return the key of the environment or of the file, making a random one (mode 600) when there is none.

    Raises `SecretError`.
    """
    named = settings.get("WEBSITE_SECRET")
    if path is None and named is not None:
        if len(named) < MIN_LENGTH:
            raise SecretError(f"WEBSITE_SECRET has fewer than {MIN_LENGTH} characters; set a random one")
        return named
    path = path or secret_file()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
    if path.stat().st_mode & 0o077:
        raise SecretError(f"{path} can be read by others; run: chmod 600 {path}")
    try:
        key = path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise SecretError(f"{path} is not text; delete it and start again to get a new key") from None
    if len(key) < MIN_LENGTH:
        raise SecretError(
            f"{path} holds fewer than {MIN_LENGTH} characters; delete it and start again to get a new key"
        )
    return key


class Tokens:
    """Makes and checks session tokens: the conversation's id, signed."""

    def __init__(self, key: str) -> None:
        signing = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
        self._serializer = URLSafeSerializer(key, salt=_SALT, signer_kwargs=signing)
        # Each request brings a token, and checking one takes as long as a statement of the database.
        self._lately = lru_cache(_REMEMBERED)(self._read)

    def make(self) -> tuple[str, str]:
        """Return a new conversation id of 160 random bits and its token."""
        conversation = secrets.token_hex(20)
        return conversation, str(self._serializer.dumps(conversation))

    def read(self, token: str) -> str | None:
        """Return the conversation's id, or None when the token was not made with this key."""
        return self._lately(token)

    def _read(self, token: str) -> str | None:
        try:
            value = self._serializer.loads(token)
        except (BadSignature, ValueError, UnicodeError, RecursionError):
            return None
        # Base64 has several spellings of the same bytes; a token has one.
        return value if isinstance(value, str) and token == self._serializer.dumps(value) else None

"""Checks what lies on disk: the signing key, the databases, the folder `var/`."""

from __future__ import annotations

import stat
import tempfile
from pathlib import Path

from valve_clinic import paths, settings
from valve_clinic.channel import secret
from valve_clinic.operations import databases
from valve_clinic.operations.finding import Finding

#: A key of random letters has more kinds of them: 32 hexadecimal digits have 14 on average, and fewer than 8 of the 16
#: once in ten million keys.
MIN_KINDS = 8


def check_secret() -> list[Finding]:
    """Return what is wrong with the key that signs sessions; a missing default file is made at the start."""
    key = settings.get("WEBSITE_SECRET")
    if key is not None:
        return _check_key("WEBSITE_SECRET", key)
    path = secret.secret_file()
    if not path.exists():
        if settings.get("WEBSITE_SECRET_FILE") is None:
            return []
        return [Finding(f"the secret {path} (WEBSITE_SECRET_FILE) is missing", _make_key(path))]
    if path.is_dir():
        return [Finding(f"the secret {path} is a folder", "name a file in WEBSITE_SECRET_FILE")]
    if path.stat().st_mode & 0o077:
        return [Finding(f"the secret {path} can be read by others", f"run: chmod 600 {path}")]
    try:
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        return [Finding(f"the secret {path} cannot be read ({type(error).__name__})", _make_key(path))]
    return _check_key(f"the secret {path}", key, path)


def check_var() -> list[Finding]:
    """Return what is wrong with the folder of run-time files."""
    folder = paths.VAR
    if not folder.exists():
        folder = paths.ROOT
    elif folder.is_dir() and folder.stat().st_mode & (stat.S_IROTH | stat.S_IXOTH | stat.S_IWOTH):
        return [Finding(f"the folder {folder} can be read by everybody", f"run: chmod o-rwx {folder}")]
    try:
        with tempfile.TemporaryFile(dir=folder):
            return []
    except OSError as error:
        return [Finding(f"nothing can be written to {folder} ({error.strerror})", "let the server's user write there")]


def check_databases() -> list[Finding]:
    """Return the SQLite files that are damaged or that everybody can read."""
    found = []
    for database in databases.configured():
        if database.file is None or not database.file.exists():
            continue
        for path in databases.files_of(database.file):
            if path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
                found.append(Finding(f"the database {path} can be read by everybody", f"run: chmod o-rwx {path}"))
        damage = databases.quick_check(database.file)
        if damage:
            mend = "put a backup back (valve-clinic restore) or move the file away"
            found.append(Finding(f"the database {database.file} cannot be used ({damage})", mend))
    return found


def _check_key(name: str, key: str, path: Path | None = None) -> list[Finding]:
    mend = _make_key(path) if path else "set a random one"
    if len(key) < secret.MIN_LENGTH:
        return [Finding(f"{name} is weak: it has fewer than {secret.MIN_LENGTH} characters", mend)]
    if len(set(key)) < MIN_KINDS:
        return [Finding(f"{name} is weak: it has only {len(set(key))} different characters", mend)]
    return []


def _make_key(path: Path) -> str:
    return f"make one: (umask 077; openssl rand -base64 48 > {path})"

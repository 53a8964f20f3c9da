"""All that must be right before the server starts. Imports neither Rasa nor TensorFlow: an answer comes at once."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from pathlib import Path

from valve_clinic import paths, settings, training
from valve_clinic.content import loader
from valve_clinic.content.problems import ContentError
from valve_clinic.operations import class_names, databases, environment, files, manifest, versions
from valve_clinic.operations.finding import Finding


def run(starting: bool = False) -> list[Finding]:
    """Return all that is wrong; a server that is `starting` makes a missing model itself."""
    found: list[Finding] = []
    for check in checks(starting):
        found += check()
    return found


def checks(starting: bool = False) -> list[Callable[[], list[Finding]]]:
    """Return the checks, quick ones first."""
    return [
        environment.check_names,
        lambda: environment.check_values(paths.CREDENTIALS_FILE),
        environment.check_telemetry,
        lambda: environment.check_secrets_in_files(paths.ENDPOINTS_FILE, paths.CREDENTIALS_FILE),
        lambda: class_names.check_endpoints(paths.ENDPOINTS_FILE),
        lambda: class_names.check_stores(paths.ENDPOINTS_FILE),
        lambda: class_names.check_credentials(paths.CREDENTIALS_FILE),
        lambda: class_names.check_pipeline(paths.CONFIG_FILE),
        files.check_var,
        files.check_secret,
        files.check_databases,
        versions.check_files,
        check_ports,
        lambda: check_model(starting),
        check_content,
    ]


def check_ports() -> list[Finding]:
    """Return the ports, public and private, that cannot be listened on."""
    wanted = [("PORT", settings.value("HOST"), settings.value("PORT"))]
    metrics = settings.get("METRICS_PORT")
    if metrics is not None:
        wanted.append(("METRICS_PORT", settings.value("METRICS_HOST"), metrics))
    found = []
    for name, host, port in wanted:
        if port.isascii() and port.isdecimal() and 0 < int(port) < 65536:  # else said by the check of the values
            found += _check_port(name, host, int(port))
    return found


def check_model(will_train: bool) -> list[Finding]:
    """Return why the model of the present data must not be loaded."""
    model = training.model_path()
    return [] if will_train and not model.is_file() else manifest.check(model)


def check_content() -> list[Finding]:
    """Return why the answers do not load; what is served already was checked when it was published."""
    if _published_digest() == loader.digest_of(paths.CONTENT):
        return []
    try:
        loader.load_files()
    except ContentError as error:
        first, more = error.problems[0], len(error.problems) - 1
        also = f" (and {more} more)" if more else ""
        return [Finding(f"the answers are not right: {first}{also}", "correct it; see valve-clinic content check")]
    return []


def _published_digest() -> object:
    content: Path | None = next(database.file for database in databases.configured() if database.name == "content")
    if content is None:
        return None
    newest = databases.query(content, "SELECT digest FROM publication ORDER BY id DESC LIMIT 1")
    return newest[0][0] if newest else None


def _check_port(name: str, host: str, port: int) -> list[Finding]:
    try:
        kind, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(kind, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            mend = f"stop it or choose another: {name}={port + 1}"
            return [Finding(f"port {port} is taken by another program", mend)]
        return [Finding(f"cannot listen on {host}:{port} ({error.strerror})", f"correct HOST or {name}")]
    return []

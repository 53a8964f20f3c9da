"""Starts the server, and says in one sentence what is wrong when it can't."""

from __future__ import annotations

import errno
import logging
import os
import socket
import sys
from typing import Any

import click

from valve_clinic import paths, settings, training
from valve_clinic.channel.secret import SecretError, load_secret
from valve_clinic.content import loader, store
from valve_clinic.content.problems import ContentError

_DEFAULT_PORT = 5005
_DEFAULT_HOST = "127.0.0.1"


class StartError(RuntimeError):
    """The server cannot start; the message is one sentence for a person."""


def serve() -> None:
    """Prepare everything and run until SIGINT or SIGTERM; raises `StartError`."""
    host, port = settings.get("HOST") or _DEFAULT_HOST, _port()
    _check_port(host, port)
    _step("checking the answers")
    _load_content()
    _prepare_secret()
    model = training.model_path()
    if not model.is_file():
        _step("training a model from data/ (once; a few minutes)")
        try:
            training.train(model, _step)
        except Exception as error:
            raise StartError(f"training failed: {error}") from error
    _step("starting the server")
    _run(host, port, str(model))


def _port() -> int:
    try:
        port = settings.get_int("PORT", _DEFAULT_PORT)
    except settings.SettingError as error:
        raise StartError(str(error)) from None
    if not 0 < port < 65536:
        raise StartError(f"PORT must be between 1 and 65535, not {port}.")
    return port


def _check_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise StartError(
                    f"port {port} is taken by another program; stop it or choose another: PORT={port + 1} make run"
                ) from None
            raise StartError(f"cannot listen on {host}:{port}: {error.strerror}") from None


def _load_content() -> None:
    try:
        content = loader.load_files()
    except ContentError as error:
        first, more = error.problems[0], len(error.problems) - 1
        others = f" (and {more} more: run `valve-clinic content check`)" if more else ""
        raise StartError(f"the answers are not right: {first}{others}") from None
    try:
        store.open_empty_store().publish(content)
    except Exception as error:
        raise StartError(f"the answers cannot be stored: {error}") from error


def _prepare_secret() -> None:
    try:
        load_secret()
    except (SecretError, OSError) as error:
        raise StartError(str(error)) from None


def _run(host: str, port: int, model: str) -> None:
    os.environ.setdefault("LOG_LEVEL_LIBRARIES", "ERROR")
    training.silence_warnings()
    from rasa.core.run import serve_application
    from rasa.core.utils import AvailableEndpoints
    from rasa.utils.common import configure_logging_and_warnings
    from rasa.utils.log_utils import configure_structlog

    configure_logging_and_warnings(logging.WARNING)
    configure_structlog(logging.WARNING)
    training.silence_warnings()

    async def say_ready(app: Any, _loop: Any) -> None:
        agent = getattr(app.ctx, "agent", None)
        if agent is None or not agent.is_ready():
            click.echo("Cannot start: the model cannot be loaded; delete the folder models/ and run again.", err=True)
            app.stop()
            return
        shown = "localhost" if host in ("127.0.0.1", "0.0.0.0") else host  # noqa: S104
        click.echo(f"open http://{shown}:{port}/")
        sys.stdout.flush()

    os.chdir(paths.ROOT)
    endpoints = AvailableEndpoints.read_endpoints(str(paths.ENDPOINTS_FILE))
    conversations = settings.get("CONVERSATIONS_DATABASE")
    if conversations:
        endpoints.tracker_store.kwargs["db"] = conversations
    serve_application(
        model_path=model,
        interface=host,
        port=port,
        credentials=str(paths.CREDENTIALS_FILE),
        endpoints=endpoints,
        enable_api=False,
        server_listeners=[(say_ready, "after_server_start")],
    )


def _step(text: str) -> None:
    click.echo(f"... {text}")
    sys.stdout.flush()

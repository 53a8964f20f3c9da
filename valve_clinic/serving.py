"""Starts the server, and says in one sentence what is wrong when it can't."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any, NoReturn

import yaml

from valve_clinic import lean_start, paths, settings, training
from valve_clinic.channel.secret import SecretError, load_secret
from valve_clinic.content import authors, loader, store
from valve_clinic.content.problems import ContentError
from valve_clinic.database import make_private
from valve_clinic.operations import check, databases, in_use, logs, metrics
from valve_clinic.schema_version import NewerDatabaseError

#: What Sanic 21.12 reads from the environment itself; settings.py has the values and their meaning.
_LADDER = (
    "SANIC_REQUEST_MAX_SIZE",
    "SANIC_REQUEST_TIMEOUT",
    "SANIC_RESPONSE_TIMEOUT",
    "SANIC_GRACEFUL_SHUTDOWN_TIMEOUT",
)

#: A connection on which nothing comes is closed after this time.
_IDLE_SECONDS = 30


class StartError(RuntimeError):
    """The server cannot start; the message is one sentence for a person."""


def serve() -> None:
    """Prepare everything and run until SIGINT or SIGTERM; raises `StartError`."""
    problems = check.run(starting=True)
    if problems:
        raise StartError("\n".join(str(problem) for problem in problems))
    host, port = settings.value("HOST"), settings.get_int("PORT")
    model = training.model_path()
    if model.is_file():  # training needs what is left out
        lean_start.install()
    _share_databases()
    _step("checking the answers")
    _load_content()
    _prepare_secret()
    _check_channel()
    _open_conversations()
    if not model.is_file():
        _step("training a model from data/ (once; a few minutes)")
        try:
            training.train(model, _step)
        except Exception as error:
            raise StartError(f"training failed: {error}") from error
    _step("starting the server")
    _run(host, port, str(model))


def leave() -> NoReturn:
    """End the process with code 0 after the server has stopped.

    Every turn that was answered is stored by now. Python would take seconds of computing to take TensorFlow and spaCy
    apart, while whoever stops the server waits.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _share_databases() -> None:
    for database in databases.configured():
        if database.file is None:
            continue
        try:
            in_use.share(database.file)
        except in_use.InUseError as error:
            raise StartError(f"{error}; wait until that has ended") from None
        make_private(database.file)


def _load_content() -> None:
    try:
        opened = store.open_empty_store()
        try:
            content = loader.load_files()
            if opened.digest() != content.digest:
                # Only what passes all rules is put in service; what is in service has passed them.
                from valve_clinic.content import checking

                content = checking.load_checked()
            # Nobody is there to decide: what was restored stays, whatever its file says.
            made = opened.publish(content, authors.author(reason="start of the server"), keep_restored=True)
        finally:
            opened.close()
    except ContentError as error:
        first, more = error.problems[0], len(error.problems) - 1
        others = f" (and {more} more: run `valve-clinic content check`)" if more else ""
        raise StartError(f"the answers are not right: {first}{others}") from None
    except settings.SettingError as error:
        raise StartError(str(error)) from None
    except Exception as error:
        raise StartError(f"the answers cannot be stored: {error}") from error
    for entry in made.kept if made else ():
        _step(f"{entry.topic}: revision {entry.revision} was restored and stays; its file says something else")


def _prepare_secret() -> None:
    try:
        load_secret()
    except (SecretError, OSError) as error:
        raise StartError(str(error)) from None


def _check_channel() -> None:
    """Say before anything else starts what is wrong with the limits and origins of the website's channel."""
    training.silence_warnings()
    from valve_clinic.channel.website import WebsiteInput

    name = f"{WebsiteInput.__module__}.{WebsiteInput.__name__}"
    try:
        credentials = yaml.safe_load(paths.CREDENTIALS_FILE.read_text(encoding="utf-8")) or {}
        WebsiteInput.from_credentials(credentials.get(name))
    except (settings.SettingError, ValueError, TypeError, OSError, yaml.YAMLError) as error:
        raise StartError(f"the website's channel is not set up right: {error}") from None


def _open_conversations() -> None:
    """Refuse to start without the place where conversations are stored: nothing is kept in memory instead."""
    from valve_clinic.storage.locks import shared_locks
    from valve_clinic.storage.schema import shared_engine

    try:
        shared_engine()
    except NewerDatabaseError as error:
        raise StartError(str(error)) from None
    except Exception as error:
        raise StartError(
            f"the database of the conversations cannot be used ({type(error).__name__}); see WEBSITE_DATABASE_URL"
        ) from None
    try:
        shared_locks()
    except settings.SettingError as error:
        raise StartError(str(error)) from None


def _run(host: str, port: int, model: str) -> None:
    os.environ.setdefault("LOG_LEVEL_LIBRARIES", "ERROR")
    for setting in settings.SETTINGS:
        if setting.name in _LADDER:
            os.environ.setdefault(setting.name, setting.default)
    training.silence_warnings()
    from rasa.core.run import serve_application
    from rasa.core.utils import AvailableEndpoints
    from rasa.utils.common import configure_logging_and_warnings
    from rasa.utils.log_utils import configure_structlog

    from valve_clinic.storage.tracker_store import ConversationStore

    configure_logging_and_warnings(logging.WARNING)
    configure_structlog(logging.WARNING)
    training.silence_warnings()
    logs.configure()
    try:
        metrics.serve()
    except metrics.MetricsError as error:
        raise StartError(str(error)) from None
    started = False
    refusal = "the model cannot be loaded; train it again: valve-clinic train --force"

    async def say_ready(app: Any, _loop: Any) -> None:
        nonlocal started, refusal
        agent = getattr(app.ctx, "agent", None)
        if agent is None or not agent.is_ready():
            app.stop()
            return
        if not isinstance(agent.tracker_store, ConversationStore):
            refusal = "endpoints.yml names another tracker store than this project's; correct its tracker_store"
            app.stop()
            return
        started = True
        shown = "localhost" if host in ("127.0.0.1", "0.0.0.0") else host  # noqa: S104
        logs.step(f"open http://{shown}:{port}/", mark="")

    os.chdir(paths.ROOT)
    endpoints = AvailableEndpoints.read_endpoints(str(paths.ENDPOINTS_FILE))
    try:
        serve_application(
            model_path=model,
            interface=host,
            port=port,
            credentials=str(paths.CREDENTIALS_FILE),
            endpoints=endpoints,
            enable_api=False,
            server_listeners=[(_cut_idle, "main_process_start"), (say_ready, "after_server_start")],
        )
    except NewerDatabaseError as error:
        raise StartError(str(error)) from None
    if not started:
        raise StartError(refusal)


async def _cut_idle(app: Any, _loop: Any) -> None:
    # Rasa sets two minutes (rasa/core/run.py, configure_app), after it has read the environment.
    app.config.KEEP_ALIVE_TIMEOUT = _IDLE_SECONDS


def _step(text: str) -> None:
    logs.step(text)

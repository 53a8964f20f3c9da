"""What a forked process runs: the project's server, with a saboteur in it, or stock Rasa."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any


def server() -> None:
    """`valve-clinic serve`, with the saboteur that the environment asks for."""
    if os.environ.get("FAULTS_SABOTAGE"):
        sabotage(Path(os.environ["FAULTS_SABOTAGE"]))
    from valve_clinic.cli import main

    main(["serve"])


def sabotage(folder: Path) -> None:
    """Fail database calls and turn the clock as files in the folder say."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine
    from sqlalchemy.exc import OperationalError

    countdown = folder / "database"
    clock = folder / "clock"
    real = time.time

    def maybe_fail() -> None:
        if not countdown.exists():
            return
        left, _, how = countdown.read_text().partition(" ")
        if int(left) > 1:
            countdown.write_text(f"{int(left) - 1} {how}")
            return
        if how != "for good":
            countdown.unlink()
        raise OperationalError("sabotage", {}, Exception("the connection is gone"))

    def about_conversations(connection: Any) -> bool:
        return "content" not in str(connection.engine.url)

    def before_execute(connection: Any, *_call: Any) -> None:
        if about_conversations(connection):
            maybe_fail()

    def before_commit(connection: Any) -> None:
        if about_conversations(connection):
            maybe_fail()

    event.listen(Engine, "before_cursor_execute", before_execute)
    event.listen(Engine, "commit", before_commit)

    def turned() -> float:
        return real() + (float(clock.read_text()) if clock.exists() else 0.0)

    time.time = turned


def stock() -> None:
    """Rasa as it comes: the `rest` channel, its SQL tracker store, actions behind HTTP; the same model."""
    import logging
    import warnings

    warnings.simplefilter("ignore")
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").setLevel(logging.CRITICAL)
    from rasa.core.actions.action import RemoteAction
    from rasa.core.agent import Agent
    from rasa.core.run import serve_application
    from rasa.core.tracker_store import FailSafeTrackerStore, InMemoryTrackerStore
    from rasa.core.utils import AvailableEndpoints
    from rasa.engine.runner.dask import DaskGraphRunner
    from rasa.shared.core.domain import Domain
    from rasa.shared.core.trackers import DialogueStateTracker
    from rasa.utils.endpoints import EndpointConfig

    from valve_clinic import rasa_patches, training

    # The model's components apply the project's patches; stock Rasa has none of them that concerns failing or speed.
    rasa_patches._validate_action_result = rasa_patches._original_validation
    RemoteAction._validate_action_result = rasa_patches._original_validation
    rasa_patches._run_graph = DaskGraphRunner.run = rasa_patches._original_run
    rasa_patches._is_empty = Domain.is_empty = rasa_patches._original_is_empty
    original = rasa_patches._original_applied_events
    rasa_patches._applied_events = DialogueStateTracker.applied_events = original

    def as_it_was(store: Any, domain: Any) -> Any:
        if store is not None:
            store.domain = domain
        return FailSafeTrackerStore(store if store is not None else InMemoryTrackerStore(domain))

    rasa_patches._create_tracker_store = as_it_was
    Agent._create_tracker_store = staticmethod(as_it_was)
    store: dict[str, Any] = {"type": "SQL", "dialect": "sqlite", "db": os.environ["STOCK_DATABASE"]}
    if "://" in store["db"]:
        store = {"type": "SQL", "dialect": "postgresql", "url": os.environ["STOCK_DATABASE"]}
    action = os.environ.get("ACTION_ENDPOINT_URL") or "inprocess://actions"
    endpoints = AvailableEndpoints(
        action=EndpointConfig(url=action), tracker_store=EndpointConfig(store.pop("url", None), **store)
    )
    serve_application(
        model_path=str(training.model_path()),
        channel="rest",
        interface="127.0.0.1",
        port=int(os.environ["PORT"]),
        endpoints=endpoints,
        enable_api=False,
    )

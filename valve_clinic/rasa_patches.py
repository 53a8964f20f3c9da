"""All patches of Rasa 3.6.21 and of the Sanic under it, in one place.

Each says why, and `tests/unit/test_rasa_patches.py` guards it.

They are applied when a component of this project is imported, so that `rasa shell` and `rasa run` have them too.
"""

from __future__ import annotations

import asyncio
import copy
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import rasa.core.processor
import rasa.server
from rasa.core.actions.action import RemoteAction
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import InMemoryTrackerStore, TrackerStore
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig
from sanic import Sanic
from sanic.exceptions import InvalidUsage
from sanic.http import Http, Stage

from valve_clinic import action_reply, graph_run, said_before, settings, thread_loop, tracker_state
from valve_clinic.nlu import follow_ups

IN_PROCESS_SCHEME = "inprocess://"
_original_request = EndpointConfig.request
_original_parse = MessageProcessor._parse_message_with_graph
_original_validation = RemoteAction._validate_action_result
_original_empty_request = Http.create_empty_request
_original_run = DaskGraphRunner.run
_original_is_empty = Domain.is_empty
_original_applied_events = DialogueStateTracker.applied_events
_original_copy = DialogueStateTracker.copy
_original_resolve = Event.resolve_by_type
_executor: Any = None
_actions = ThreadPoolExecutor(16, thread_name_prefix="actions")
#: Held while the pipeline reads a message: its parts are not made for two threads at once.
_reading = threading.RLock()


async def _request(self: EndpointConfig, method: str = "post", subpath: str | None = None, **kwargs: Any) -> Any:
    """Run custom actions in this process when the endpoint's address says so.

    Reason: Rasa 3.6 knows actions only behind HTTP; a second process, a socket and a re-serialised tracker for each
    message are two more things that can fail in front of a patient. No hook exists (rasa/core/actions/action.py,
    RemoteAction.run); later Rasa lines have `actions_module`: https://github.com/RasaHQ/rasa/issues/7630.
    """
    if not (self.url or "").startswith(IN_PROCESS_SCHEME):
        return await _original_request(self, method, subpath, **kwargs)
    external = settings.get("ACTION_ENDPOINT_URL")
    if external:
        target = EndpointConfig(external, self.params, self.headers, self.basic_auth, self.token, self.token_name)
        return await _original_request(target, method, subpath, **kwargs)
    # The executor's answer goes through Rasa's own checks, as an action server's would; it may change what it is given.
    # Actions read a database: in a thread, one that hangs holds up its own turn only.
    body = copy.copy(kwargs["json"])
    return await asyncio.get_running_loop().run_in_executor(_actions, lambda: thread_loop.run(executor().run(body)))


def executor() -> Any:
    """Return this process's action executor with the package `actions` loaded."""
    global _executor
    if _executor is None:
        from rasa_sdk.executor import ActionExecutor

        loaded = ActionExecutor()
        loaded.register_package("actions")
        _executor = loaded
    return _executor


def _validate_action_result(self: RemoteAction, result: dict[str, Any]) -> bool:
    """Check the reply of an action against Rasa's schema, and not that schema each time.

    Reason: jsonschema's `validate` first checks the schema itself against its meta-schema, for each action of each
    turn (rasa/core/actions/action.py, _validate_action_result): six tenths of a turn's processor time, measured. What
    is wrong is still said by Rasa.
    """
    return action_reply.is_sound(result) or _original_validation(self, result)


def _add_root_route(app: Sanic) -> None:
    """Serve the demonstration page at `/`, the answers as a page at `/faq`, and the staff's console below `/console`.

    Reason: Rasa answers `/` with its version to everybody (rasa/server.py, add_root_route), and a channel's routes lie
    below `/webhooks/`.
    """
    from valve_clinic.channel.faq_page import add_faq
    from valve_clinic.channel.pages import add_root
    from valve_clinic.console.site import add_console

    add_root(app)
    add_faq(app)
    add_console(app)


class ParsedMessage(UserMessage):
    """A message of which Rasa's parse may be there already, read behind the words that it was expected to lean on."""

    parsed: dict[str, Any] | None = None
    parsed_behind: str | None = None


def _parse_with_context(
    self: MessageProcessor, message: UserMessage, tracker: DialogueStateTracker, only_output_properties: bool = True
) -> Any:
    """Let the pipeline see the visitor's words before the message.

    Reason: Rasa hands the tracker to the graph, and no NLU component gets it (rasa/engine/recipes/default_recipe.py,
    _add_nlu_predict_nodes), so that "how long?" is understood alone: https://github.com/RasaHQ/rasa/pull/9538. The
    words go into the metadata of a copy, which is dropped after the parse: nothing is stored twice. A parse that was
    made before the turn, behind the same words or of a message that leans on none, is not made again.
    """
    said = [event.text or "" for event in tracker.applied_events() if isinstance(event, UserUttered)]
    if isinstance(message, ParsedMessage):
        said_before.note(tracker.sender_id, follow_ups.previous_of([*said, message.text or ""]))
    previous = follow_ups.previous_of(said) if said else said_before.expected()
    parsed = getattr(message, "parsed", None)
    if parsed is not None and (previous == message.parsed_behind or not follow_ups.leans(message.text or "")):
        return parsed
    if previous:
        message = copy.copy(message)
        message.metadata = {**(message.metadata or {}), follow_ups.PREVIOUS: previous}
    with _reading:
        return _original_parse(self, message, tracker, only_output_properties)


def _run_graph(
    self: DaskGraphRunner, inputs: dict[str, Any] | None = None, targets: list[str] | None = None
) -> dict[str, Any]:
    """Run the graph of a loaded model in an order that is worked out once.

    Reason: Rasa cuts the graph to size, has dask plan it and hands it from queue to queue for each parse and each
    prediction, four or five times a turn (rasa/engine/runner/dask.py, run): 2 ms each, a fifth of a parse, for a chain
    of nodes that run one after the other in any case. Training, where nodes are built as they run, stays as it is.
    """
    if inputs is None or not graph_run.is_loaded(self):
        return _original_run(self, inputs, targets)
    return graph_run.run(self, inputs, targets or self._graph_schema.target_names)


def _is_empty(self: Domain) -> bool:
    """Return whether the domain says nothing, and find it out once.

    Reason: Rasa writes the whole domain down as a dictionary to compare it with an empty one, for each parse
    (rasa/core/processor.py, _check_for_unseen_features; rasa/shared/core/domain.py, is_empty): a millisecond and more.
    """
    if "known_to_be_empty" not in self.__dict__:
        self.__dict__["known_to_be_empty"] = _original_is_empty(self)
    return bool(self.__dict__["known_to_be_empty"])


def _applied_events(self: DialogueStateTracker) -> list[Event]:
    """Return the events that hold, worked out once until there is another one.

    Reason: eight places of a turn ask for them, and each goes through all that was ever said
    (rasa/shared/core/trackers.py, applied_events): a tenth of the event loop's time. Events are only added, or begun
    anew; those of the usual kinds hold, and undo nothing, where there is no loop. Long conversations get slow by such
    things: https://github.com/RasaHQ/rasa/issues/6334.
    """
    return tracker_state.applied_events(self, _original_applied_events)


def _copy_tracker(self: DialogueStateTracker) -> DialogueStateTracker:
    """Return a tracker of its own in the same state, without going through all that was ever said.

    Reason: before each action Rasa copies the tracker, and plays every event again for it
    (rasa/shared/core/trackers.py, copy): two or three times a turn. The state is what the events made of it already.
    """
    return tracker_state.copy_of(self)


@lru_cache(maxsize=64)
def _resolve_by_type(type_name: str, default: type[Event] | None = None) -> type[Event] | None:
    """Return the class of an event by its name, looked up once.

    Reason: Rasa looks for all subclasses anew for each event that it reads (rasa/shared/core/events.py,
    resolve_by_type), some twenty times in a turn.
    """
    found: type[Event] | None = _original_resolve(type_name, default)
    return found


#: Stands for the module `copy` where Rasa processes a message.
#:
#: Reason: Rasa makes deep copies of events, entities and slots for the lines of its debug log, eight of them a turn,
#: whether anybody reads that log or not (rasa/core/processor.py: every use of the module there is such an argument): a
#: thirtieth of a turn. A line of the log is written at once, from what is there.
_NO_COPIES = SimpleNamespace(deepcopy=lambda value: value)


async def _iterate_body(self: Http) -> AsyncIterator[bytes]:
    """Give a body up whose length or chunks cannot be read.

    Reason: Sanic 21.12 waits for ever, and with it the whole process, for the end of a body with a negative
    Content-Length (sanic/http.py, Http.read), which anybody can send. After bad chunks it answers 400 and then goes on
    to read what is left, outside of its error handling (Http.http1): the same error again, as a traceback in the log.
    The connection is closed in either case. (`Http.read` itself is rewritten by Sanic when it starts: do not patch it.)
    """
    try:
        if self.request_body:
            _check_length(self.request.headers)
        while self.request_body:
            data = await self.read()
            if data:
                yield data
    except InvalidUsage:
        self.request_body, self.keep_alive = None, False
        if self.stage is Stage.HANDLER:
            raise


def _check_length(headers: Any) -> None:
    """Refuse a length that is none, or that two servers may read differently (RFC 9112, 6.3)."""
    lengths = headers.getall("content-length", [])
    sure = len(lengths) == 1 and lengths[0].isascii() and lengths[0].isdecimal()
    if lengths and (not sure or "transfer-encoding" in headers):
        raise InvalidUsage("The length of the body is not clear")


def _create_empty_request(self: Http) -> None:
    """Answer what could not be read as a request, whatever bytes its address has.

    Reason: Sanic 21.12 puts the address into the request that stands for the unreadable one, and fails on bytes that
    are no UTF-8 (sanic/http.py, create_empty_request): no answer, and a traceback in the log.
    """
    try:
        (self.url or "").encode()
    except UnicodeEncodeError:
        self.url = None
    _original_empty_request(self)


def _create_tracker_store(store: TrackerStore | None, domain: Domain) -> TrackerStore:
    """Use the tracker store that is configured, and nothing instead of it.

    Reason: Rasa wraps it so that a failed read is a new conversation and a failed save goes into memory, while the
    visitor gets a normal answer and the turn is lost (rasa/core/agent.py, _create_tracker_store). No setting switches
    that off: https://github.com/RasaHQ/rasa/issues/3243.
    """
    if store is None:  # `rasa test` and other commands that store nothing
        return InMemoryTrackerStore(domain)
    store.domain = domain
    return store


def apply() -> None:
    """Apply all patches; calling it again changes nothing."""
    Http.__aiter__ = _iterate_body
    Http.create_empty_request = _create_empty_request
    Agent._create_tracker_store = staticmethod(_create_tracker_store)
    MessageProcessor._parse_message_with_graph = _parse_with_context
    EndpointConfig.request = _request
    RemoteAction._validate_action_result = _validate_action_result
    DaskGraphRunner.run = _run_graph
    Domain.is_empty = _is_empty
    DialogueStateTracker.applied_events = _applied_events
    DialogueStateTracker.copy = _copy_tracker
    rasa.core.processor.copy = _NO_COPIES
    Event.resolve_by_type = staticmethod(_resolve_by_type)
    rasa.server.add_root_route = _add_root_route

"""All patches of Rasa 3.6.21, in one place. Each says why, and `tests/unit/test_rasa_patches.py` guards it.

They are applied when a component of this project is imported, so that `rasa shell` and `rasa run` have them too.
"""

from __future__ import annotations

import copy
from typing import Any

import rasa.server
from rasa.core.channels.channel import UserMessage
from rasa.core.processor import MessageProcessor
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig
from sanic import Sanic

from valve_clinic import settings
from valve_clinic.nlu import follow_ups

IN_PROCESS_SCHEME = "inprocess://"
_original_request = EndpointConfig.request
_original_parse = MessageProcessor._parse_message_with_graph
_executor: Any = None


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
    return await executor().run(copy.copy(kwargs["json"]))


def executor() -> Any:
    """Return this process's action executor with the package `actions` loaded."""
    global _executor
    if _executor is None:
        from rasa_sdk.executor import ActionExecutor

        loaded = ActionExecutor()
        loaded.register_package("actions")
        _executor = loaded
    return _executor


def _add_root_route(app: Sanic) -> None:
    """Serve the demonstration page at `/`.

    Reason: Rasa answers `/` with its version to everybody (rasa/server.py, add_root_route).
    """
    from valve_clinic.channel.pages import add_root

    add_root(app)


def _parse_with_context(
    self: MessageProcessor, message: UserMessage, tracker: DialogueStateTracker, only_output_properties: bool = True
) -> Any:
    """Let the pipeline see the visitor's words before the message.

    Reason: Rasa hands the tracker to the graph, and no NLU component gets it (rasa/engine/recipes/default_recipe.py,
    _add_nlu_predict_nodes), so that "how long?" is understood alone: https://github.com/RasaHQ/rasa/pull/9538. The
    words go into the metadata of a copy, which is dropped after the parse: nothing is stored twice.
    """
    said = [event.text or "" for event in tracker.applied_events() if isinstance(event, UserUttered)]
    previous = follow_ups.previous_of(said)
    if previous:
        message = copy.copy(message)
        message.metadata = {**(message.metadata or {}), follow_ups.PREVIOUS: previous}
    return _original_parse(self, message, tracker, only_output_properties)


def apply() -> None:
    """Apply all patches; calling it again changes nothing."""
    MessageProcessor._parse_message_with_graph = _parse_with_context
    EndpointConfig.request = _request
    rasa.server.add_root_route = _add_root_route

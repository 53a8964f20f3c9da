"""All patches of Rasa 3.6.21, in one place. Each says why, and `tests/unit/test_rasa_patches.py` guards it.

They are applied when a component of this project is imported, so that `rasa shell` and `rasa run` have them too.
"""

from __future__ import annotations

import copy
from typing import Any

import rasa.server
from rasa.utils.endpoints import EndpointConfig
from sanic import Sanic

from valve_clinic import settings

IN_PROCESS_SCHEME = "inprocess://"
_original_request = EndpointConfig.request
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


def apply() -> None:
    """Apply all patches; calling it again changes nothing."""
    EndpointConfig.request = _request
    rasa.server.add_root_route = _add_root_route

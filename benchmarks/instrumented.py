"""`valve-clinic serve` that writes a line for each thing it does into a file: a name and the milliseconds it took.

    WORK_FILE=file .venv/bin/python -m benchmarks.instrumented

`turns.py` adds the times up; `tests/server/test_work.py` counts the lines.
"""

from __future__ import annotations

import functools
import os
import time
from typing import Any

#: From a part's name, as the picture says it, to the functions that do it.
PARTS = {
    "understanding": ("rasa.core.processor:MessageProcessor.parse_message",),
    "actions": ("valve_clinic.rasa_patches:_request",),
    "storing the message": ("valve_clinic.channel.store:WebsiteStore.receive",),
    "reading the conversation": ("valve_clinic.storage.tracker_store:ConversationStore.read",),
    "storing the answer": ("valve_clinic.channel.store:WebsiteStore.answer",),
    "Rasa, with what it calls": ("rasa.core.agent:Agent.handle_message",),
}
_WRITES = ("INSERT", "UPDATE", "DELETE")


def main() -> None:
    """Serve; the file that WORK_FILE names gets the lines."""
    from valve_clinic import lean_start

    lean_start.install()
    from valve_clinic import rasa_patches, serving

    file = os.open(os.environ["WORK_FILE"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(name: str, seconds: float = 0.0) -> None:
        os.write(file, f"{name}\t{seconds * 1000:.3f}\n".encode())

    for name, functions in PARTS.items():
        for function in functions:
            _time(function, functools.partial(note, name))
    rasa_patches.apply()
    _count_statements(note)
    _count_encoder(note)
    serving.serve()
    serving.leave()


def _time(function: str, note: Any) -> None:
    import importlib
    import inspect

    module, _, path = function.partition(":")
    owner_name, _, name = path.rpartition(".")
    owner = importlib.import_module(module)
    owner = getattr(owner, owner_name) if owner_name else owner
    original = getattr(owner, name)

    @functools.wraps(original)
    def timed(*arguments: Any, **options: Any) -> Any:
        begun = time.perf_counter()
        try:
            return original(*arguments, **options)
        finally:
            note(time.perf_counter() - begun)

    @functools.wraps(original)
    async def awaited(*arguments: Any, **options: Any) -> Any:
        begun = time.perf_counter()
        try:
            return await original(*arguments, **options)
        finally:
            note(time.perf_counter() - begun)

    setattr(owner, name, awaited if inspect.iscoroutinefunction(original) else timed)


def _count_statements(note: Any) -> None:
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def executed(connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith(("PRAGMA", "BEGIN")):
            return
        about = "content" if "content" in str(connection.engine.url) else "conversations"
        note(f"statement {about}")
        if statement.lstrip().upper().startswith(_WRITES):
            connection.info["wrote"] = True

    def committed(connection: Any) -> None:
        if connection.info.pop("wrote", False):
            note("synced")

    event.listen(Engine, "before_cursor_execute", executed)
    event.listen(Engine, "commit", committed)


def _count_encoder(note: Any) -> None:
    from valve_clinic.nlu.encoder import SentenceEncoder

    for name in ("read", "judge"):
        original = getattr(SentenceEncoder, name)

        def counted(*arguments: Any, _original: Any = original, _name: str = name, **options: Any) -> Any:
            begun = time.perf_counter()
            found = _original(*arguments, **options)
            note(f"encoder {_name}", time.perf_counter() - begun)
            return found

        setattr(SentenceEncoder, name, counted)


if __name__ == "__main__":
    main()

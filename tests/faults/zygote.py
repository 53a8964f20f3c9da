"""Starts real server processes quickly: imports the libraries and reads the answers once, and forks for each server.

The one argument is the file of a database that gets the answers: a server with a copy of it has nothing to publish.
Reads commands from standard input, one JSON object a line, and answers on standard output: `{"pid": N}` for a start,
`{"pid": N, "code": C}` when a process has ended (a negative code is the signal).
"""

from __future__ import annotations

import importlib
import json
import os
import select
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Serve until standard input ends."""
    _import_all()
    _publish(sys.argv[1])
    _say({"ready": True})
    buffer = b""
    while True:
        readable, _, _ = select.select([0], [], [], 0.02)
        _reap()
        if not readable:
            continue
        chunk = os.read(0, 65536)
        if not chunk:
            os._exit(0)  # the libraries take their time to say goodbye
        buffer += chunk
        *lines, buffer = buffer.split(b"\n")
        for line in lines:
            _say({"pid": _start(json.loads(line))})


LIBRARIES = (
    "rasa.core.run",
    "rasa.core.agent",
    "rasa.core.train",
    "rasa.engine.loader",
    "tensorflow",
    "actions",
    "valve_clinic.cli",
    "valve_clinic.serving",
    "valve_clinic.channel.website",
    "valve_clinic.nlu.classifier",
    "valve_clinic.safety.policy",
    "valve_clinic.storage.tracker_store",
)


def _import_all() -> None:
    for name in LIBRARIES:
        importlib.import_module(name)


def _publish(file: str) -> None:
    """Put the answers into a database; what is read here need not be parsed again by a fork."""
    from valve_clinic.content import authors, checking, store, yaml_file

    read, known = yaml_file.read, {}

    def read_once(path: Path) -> Any:
        key = (path.name, path.read_bytes() if path.is_file() else b"")
        if key not in known:
            known[key] = read(path)
        return known[key]

    yaml_file.read = read_once
    opened = store.open_empty_store(f"sqlite:///{file}")
    opened.publish(checking.load_checked(), authors.author(reason="start of the server"))
    opened.close()


def _start(command: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        log = os.open(command["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.environ.clear()
        os.environ.update(command["environment"])
        module, _, function = command["main"].partition(":")
        getattr(importlib.import_module(module), function)()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _reap() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _say({"pid": pid, "code": os.waitstatus_to_exitcode(status)})


def _say(what: dict[str, Any]) -> None:
    os.write(_ANSWERS, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    _ANSWERS = os.dup(1)
    os.dup2(2, 1)  # what libraries print on import is no answer
    main()

"""Server processes of the suite: started, killed, waited for."""

from __future__ import annotations

import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from support import Address, free_port, make_secret, server_environment

from valve_clinic import paths
from valve_clinic.channel.secret import Tokens

#: Times are multiplied by it on a machine that does other work meanwhile.
PATIENCE = float(os.environ.get("FAULTS_PATIENCE") or 1)
START_SECONDS = 30 * PATIENCE
TURN_SECONDS = 3
#: Nothing here is encrypted, and to read the certificates of the world for each request takes longer than the request.
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def request(method: str, address: str, **options: Any) -> httpx.Response:
    """Send a request on a line of its own."""
    return httpx.request(method, address, verify=_NO_TLS, trust_env=False, **{"timeout": 30, **options})


class Zygote:
    """The process that all servers are forked from."""

    def __init__(self) -> None:
        here = Path(__file__).parent
        self._folder = Path(tempfile.mkdtemp(prefix="faults-content-"))
        #: The answers, published: each new server gets a copy.
        self.content = self._folder / "content.db"
        environment = {**os.environ, "PYTHONPATH": f"{here.parent}:{paths.ROOT}", "PYTHONWARNINGS": "ignore"}
        self._process = subprocess.Popen(
            [sys.executable, str(here / "zygote.py"), str(self.content)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=paths.ROOT,
        )
        assert self._process.stdout is not None
        assert b"ready" in self._process.stdout.readline()
        self.codes: dict[int, int] = {}
        self._started: list[int] = []
        self._news = threading.Condition()
        self._starting = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    def start(self, main: str, environment: dict[str, str], log: Path) -> int:
        command = {"main": main, "environment": environment, "log": str(log)}
        assert self._process.stdin is not None
        with self._starting, self._news:  # one after the other: the next answer is mine
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            self._process.stdin.flush()
            assert self._news.wait_for(lambda: bool(self._started), 30)
            return self._started.pop()

    def wait(self, pid: int, seconds: float) -> int | None:
        """Return the exit code, or None when the process still runs."""
        with self._news:
            self._news.wait_for(lambda: pid in self.codes, seconds)
            return self.codes.get(pid)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30 * PATIENCE)
        assert self._process.stdout is not None
        self._process.stdout.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            news = json.loads(line)
            with self._news:
                if "code" in news:
                    self.codes[news["pid"]] = news["code"]
                else:
                    self._started.append(news["pid"])
                self._news.notify_all()


@dataclass
class FaultServer(Address):
    """A server that may be killed and started again with the same databases."""

    zygote: Zygote
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    main: str = "faults.mains:server"
    port: int = field(default_factory=free_port)
    pid: int = 0
    slowest_start: float = 0.0

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def database_url(self) -> str:
        return self.settings.get("WEBSITE_DATABASE_URL") or f"sqlite:///{self.folder}/website.db"

    def conversation_of(self, token: str) -> str | None:
        """Return the conversation's id in a session token, by this server's key."""
        return Tokens(self.secret.read_text().strip()).read(token)

    @property
    def secret(self) -> Path:
        return Path(self.settings.get("WEBSITE_SECRET_FILE") or self.folder / "secret")

    @property
    def is_stock(self) -> bool:
        return self.main.endswith(":stock")

    def environment(self) -> dict[str, str]:
        base = server_environment(
            self.folder,
            self.port,
            WEBSITE_TURN_SECONDS=str(TURN_SECONDS),
            STOCK_DATABASE=f"{self.folder}/stock.db",
            RASA_TELEMETRY_ENABLED="false",
            TF_CPP_MIN_LOG_LEVEL="2",
            PYTHONWARNINGS="ignore",
        )
        return {**base, **self.settings}

    def start(self) -> FaultServer:
        begun = time.monotonic()
        make_secret(self.secret)
        if not (self.folder / "content.db").exists():
            shutil.copy(self.zygote.content, self.folder / "content.db")
        self.pid = self.zygote.start(self.main, self.environment(), self.log)
        self.wait_ready()
        self.slowest_start = max(self.slowest_start, time.monotonic() - begun)
        return self

    def wait_ready(self) -> None:
        path = "webhooks/rest/" if self.is_stock else "webhooks/website/health"
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert not self.ended, f"the server ended:\n{self.log.read_text()[-2000:]}"
            try:
                if request("GET", f"{self.url}/{path}", timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"the server was not ready:\n{self.log.read_text()[-2000:]}")

    @property
    def ended(self) -> bool:
        """A zombie has ended, too: the zygote knows."""
        return self.pid in self.zygote.codes

    def kill(self) -> None:
        """End it without a warning, and wait until it is gone."""
        if not self.ended:
            os.kill(self.pid, signal.SIGKILL)
            assert self.zygote.wait(self.pid, 10) is not None

    def stop(self, seconds: float = 20 * PATIENCE) -> int | None:
        if self.ended:
            return self.zygote.codes[self.pid]
        os.kill(self.pid, signal.SIGTERM)
        return self.zygote.wait(self.pid, seconds)


def until(condition: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait until the condition holds; returns the seconds it took, fails after `seconds`."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds * PATIENCE, f"{what}: not within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - begun

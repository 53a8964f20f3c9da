"""Services that the suite may stop, hang and restart without hurting anybody: private ones, or a proxy before them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from pathlib import Path
from typing import Any

from support import free_port, missing_service

_POSTGRES_BIN = Path("/usr/lib/postgresql/15/bin")


class Proxy:
    """Passes TCP on to a service until it is told to cut or to hang the line."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._hanging = threading.Event()
        self._cut = False
        self._pairs: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Close all lines and every new one."""
        self._cut = True
        for line in self._pairs:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        self._pairs.clear()

    def hang(self) -> None:
        """Keep all lines and pass nothing on."""
        self._hanging.set()

    def mend(self) -> None:
        self._cut = False
        self._hanging.clear()

    def close(self) -> None:
        self._closed = True
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while not self._closed:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            if self._cut:
                line.close()
                continue
            try:
                behind = socket.create_connection(self._target, 5)
            except OSError:
                line.close()
                continue
            self._pairs += [line, behind]
            for one, other in ((line, behind), (behind, line)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                while self._hanging.is_set() and not self._closed:
                    time.sleep(0.02)
                other.sendall(data)
        except OSError:
            pass
        for line in (one, other):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        one.close()


class Postgres:
    """A cluster of its own in a temporary folder."""

    def __init__(self) -> None:
        if not (_POSTGRES_BIN / "initdb").is_file():
            missing_service(f"no PostgreSQL programs in {_POSTGRES_BIN}")
        self.folder = Path(tempfile.mkdtemp(prefix="faults-postgres-"))
        self.port = free_port()
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        self._run("initdb", "-D", str(self.folder / "data"), "-A", "trust", "-U", "postgres", "-N")
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        self._control("-o", options, "-l", str(self.folder / "log"), "-w", "start")

    def stop(self) -> None:
        self._control("-m", "fast", "-w", "stop")

    def restart(self) -> None:
        self.stop()
        self.start()

    def new_database(self, name: str) -> str:
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", name)
        return self.url.rpartition("/")[0] + f"/{name}"

    def signal_all(self, how: int) -> None:
        """Send a signal to the server and to all its processes, so that it hangs or goes on."""
        parent = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        for pid in [parent, *map(int, children)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self.signal_all(signal.SIGCONT)
            self._control("-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(_POSTGRES_BIN / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(command, stdout=output, stderr=output, cwd="/tmp", timeout=60, check=False)
            output.seek(0)
            assert done.returncode == 0, output.read().decode()[-2000:]


class Redis:
    """A Redis of its own that keeps nothing."""

    def __init__(self) -> None:
        program = shutil.which("redis-server")
        if program is None:
            missing_service("no redis-server is installed")
        self._program = program
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self._process = subprocess.Popen(
            [self._program, "--port", str(self.port), "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"],
            stdout=subprocess.DEVNULL,
            cwd="/tmp",
        )
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.05)
        raise AssertionError("Redis did not start")

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(10)


def rabbit_address() -> tuple[str, int]:
    """Return where RabbitMQ is, or skip the case."""
    address = ("127.0.0.1", 5672)
    try:
        socket.create_connection(address, 2).close()
    except OSError:
        missing_service("no RabbitMQ listens on 127.0.0.1:5672")
    return address


class Queue:
    """A queue of a test in the real RabbitMQ."""

    def __init__(self) -> None:
        self.name = f"faults-{uuid.uuid4().hex}"

    def messages(self) -> list[tuple[str, dict[str, Any]]]:
        """Take all that is in the queue."""
        import asyncio

        import aio_pika

        async def take() -> list[tuple[str, dict[str, Any]]]:
            connection = await aio_pika.connect("amqp://guest:guest@127.0.0.1:5672/")
            async with connection:
                queue = await (await connection.channel()).declare_queue(self.name, durable=True)
                found = []
                while (message := await queue.get(fail=False)) is not None:
                    await message.ack()
                    found.append((str(message.message_id), json.loads(message.body)))
                await queue.delete(if_unused=False, if_empty=False)
                return found

        return asyncio.run(take())

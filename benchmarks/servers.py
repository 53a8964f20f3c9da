"""Servers to measure: the project's, stock Rasa with its action server, and several processes behind nginx."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from benchmarks.isolated import free_port, make_secret, server_environment
from valve_clinic import paths

_START_SECONDS = 180.0
#: Where the proxy of deploy/ writes.
_SCRATCH = "/tmp"  # noqa: S108
_TEMPLATE = paths.ROOT / "deploy" / "nginx.conf"


@dataclass
class Running:
    """A service under test; `processes` are all that belong to it."""

    url: str
    processes: list[subprocess.Popen[bytes]]
    folder: Path
    is_stock: bool = False
    seconds_to_ready: float = 0.0
    databases: list[Path] = field(default_factory=list)

    def memory(self) -> float:
        """Return the resident memory of all processes in MB."""
        return sum(one.memory_info().rss for one in self._all()) / 1e6

    def processor_seconds(self) -> float:
        """Return what all processes have used so far."""
        return sum(sum(one.cpu_times()[:2]) for one in self._all())

    def stored_bytes(self) -> int:
        """Return the size of the databases, their logs included."""
        return sum(file.stat().st_size for base in self.databases for file in base.parent.glob(base.name + "*"))

    def stop(self) -> None:
        """End all processes in order."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _all(self) -> list[psutil.Process]:
        found = [psutil.Process(process.pid) for process in self.processes]
        return found + [child for one in found for child in one.children(recursive=True)]


def own(folder: Path, work_file: Path | None = None, **settings: str) -> Running:
    """Start `valve-clinic serve` with databases in `folder` and no limits."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    module = ["-m", "benchmarks.instrumented"] if work_file else ["-m", "valve_clinic.cli", "serve"]
    environment = _environment(folder, port) | settings
    if work_file:
        environment["WORK_FILE"] = str(work_file)
    begun = time.monotonic()
    process = _spawn([sys.executable, *module], environment, folder / "server.log")
    running = Running(f"http://127.0.0.1:{port}", [process], folder, databases=[folder / "website.db"])
    _wait(running, "/webhooks/website/ready", begun)
    return running


def stock(folder: Path) -> Running:
    """Start Rasa as it comes: `rest` channel, SQL tracker store, actions behind HTTP; the same model and actions."""
    folder.mkdir(parents=True, exist_ok=True)
    port, actions = free_port(), free_port()
    environment = _environment(folder, port) | {
        "PYTHONPATH": f"{paths.ROOT}/tests",
        "STOCK_DATABASE": str(folder / "stock.db"),
        "ACTION_ENDPOINT_URL": f"http://127.0.0.1:{actions}/webhook",
    }
    without_tests = {key: value for key, value in environment.items() if key != "ACTION_ENDPOINT_URL"}
    _load_content(without_tests)
    begun = time.monotonic()
    code = "from faults.mains import stock; stock()"
    rasa = str(Path(sys.executable).parent / "rasa")
    processes = [
        _spawn([rasa, "run", "actions", "--port", str(actions)], without_tests, folder / "actions.log"),
        _spawn([sys.executable, "-W", "ignore", "-c", code], environment, folder / "server.log"),
    ]
    running = Running(f"http://127.0.0.1:{port}", processes, folder, is_stock=True, databases=[folder / "stock.db"])
    _wait(running, "/webhooks/rest/", begun, f"http://127.0.0.1:{actions}/health")
    return running


def behind_nginx(folder: Path, count: int, database: str, **settings: str) -> Running:
    """Start `count` processes on PostgreSQL behind nginx with the configuration of deploy/."""
    find_nginx()
    folder.mkdir(parents=True, exist_ok=True)
    make_secret(folder / "secret")
    shared = {
        "WEBSITE_DATABASE_URL": database,
        "LOCK_URL": database,
        "WEBSITE_SECRET_FILE": str(folder / "secret"),
        "WEBSITE_TRUSTED_PROXIES": "1",
        **settings,
    }
    members = [own(folder / f"server-{number}", None, **shared) for number in range(count)]
    url, proxy = start_nginx(folder, [member.url.removeprefix("http://") for member in members])
    running = Running(url, [m.processes[0] for m in members] + [proxy], folder)
    _wait(running, "/webhooks/website/health", time.monotonic())
    return running


def start_nginx(folder: Path, members: list[str]) -> tuple[str, subprocess.Popen[bytes]]:
    """Start nginx with the configuration of deploy/ before servers such as "127.0.0.1:5005"; returns its URL, too."""
    port = free_port()
    config = nginx_config(folder, port, members)
    command = [find_nginx(), "-g", "daemon off;", "-c", str(config), "-p", str(folder)]
    return f"http://127.0.0.1:{port}", _spawn(command, dict(os.environ), folder / "nginx.out")


def nginx_config(folder: Path, port: int, members: list[str]) -> Path:
    """Write deploy/nginx.conf for this machine: other addresses, everything it writes in `folder`."""
    text = _TEMPLATE.read_text(encoding="utf-8")
    servers = "\n".join(f"        server {member} max_fails=0;" for member in members)
    head, _, rest = text.partition("        # members: begin\n")
    _, _, tail = rest.partition("        # members: end\n")
    text = head + servers + "\n" + tail
    text = text.replace("listen 8080", f"listen 127.0.0.1:{port}").replace(f"{_SCRATCH}/", f"{folder}/")
    file = folder / "nginx.conf"
    file.write_text(text, encoding="utf-8")
    return file


def find_nginx() -> str:
    """Return nginx's path; raises `FileNotFoundError`."""
    found = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if found is None:
        raise FileNotFoundError("nginx is not installed (on Debian: apt-get install nginx-light)")
    return found


def _environment(folder: Path, port: int) -> dict[str, str]:
    make_secret(folder / "secret")
    quiet = {
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    }
    return server_environment(folder, port, **quiet)


def _load_content(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "valve_clinic.cli", "content", "load"]
    subprocess.run(command, env=environment, cwd=paths.ROOT, check=True, capture_output=True)  # noqa: S603


def _spawn(command: list[str], environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603
            command, env=environment, cwd=paths.ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )


def _wait(running: Running, path: str, begun: float, *others: str) -> None:
    waiting = [running.url + path, *others]
    while waiting:
        for process in running.processes:
            if process.poll() is not None:
                running.stop()
                logs = "".join(log.read_text(errors="replace")[-1500:] for log in running.folder.glob("*.log"))
                raise RuntimeError(f"a process of the service ended with {process.returncode}:\n{logs}")
        if time.monotonic() - begun > _START_SECONDS:
            running.stop()
            raise RuntimeError(f"not ready in {_START_SECONDS:.0f} s: {waiting}")
        try:
            if httpx.get(waiting[0], timeout=5).status_code == 200:
                waiting.pop(0)
                continue
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    running.seconds_to_ready = time.monotonic() - begun

"""Chats and faults in a random order; the seed is printed, so that a run can be had again."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from faults.checker import check
from faults.conftest import Factory
from faults.figures import FIGURES
from faults.patients import Crowd
from faults.processes import FaultServer
from faults.services import Postgres, Proxy, Redis, rabbit_address

#: Seconds of talk, with a fault every few of them.
SECONDS = float(os.environ.get("FAULTS_SECONDS") or 45)


def test_b17_patients_talk_while_everything_fails(start: Factory, postgres: Postgres, redis: Redis) -> None:
    seed = int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(1_000_000))
    print(f"\nseed of the randomised run: FAULTS_SEED={seed}")
    FIGURES.seed = seed
    chance = random.Random(seed)
    line = Proxy(*rabbit_address())
    server = start(
        WEBSITE_DATABASE_URL=postgres.new_database(f"random{seed}"),
        LOCK_URL=redis.url,
        EVENT_BROKER_URL=f"amqp://guest:guest@127.0.0.1:{line.port}/",
        EVENT_BROKER_QUEUE=f"faults-random-{seed}",
    )

    def hang_postgres() -> None:
        postgres.signal_all(signal.SIGSTOP)
        time.sleep(chance.uniform(0.5, 3))
        postgres.signal_all(signal.SIGCONT)

    def kill_server() -> None:
        server.kill()
        server.start()

    def stop_redis() -> None:
        redis.stop()
        time.sleep(chance.uniform(0.2, 2))
        redis.start()

    def cut_broker() -> None:
        line.cut()
        time.sleep(chance.uniform(0.2, 2))
        line.mend()

    def fail_a_call() -> None:
        (server.folder / "database").write_text(f"{chance.randint(1, 15)} once")

    faults: list[Callable[[], None]] = [
        hang_postgres, kill_server, stop_redis, cut_broker, fail_a_call, postgres.restart,
    ]  # fmt: skip
    until = time.monotonic() + SECONDS
    happened = []
    with Crowd(server, 5, 0.1) as crowd:
        while time.monotonic() < until:
            time.sleep(chance.uniform(0.5, 3))
            fault = chance.choice(faults)
            happened.append(fault.__name__)
            fault()
    print("faults:", ", ".join(happened))
    FIGURES.faults += len(happened) - 1
    crowd.settle()
    check(server, crowd.patients, "random", slow=60)
    assert server.stop() == 0
    line.close()


def test_b17_a_calm_server_stays_fast_and_small(plain: FaultServer) -> None:
    def memory() -> int:
        return int(Path(f"/proc/{plain.pid}/statm").read_text().split()[1])

    with Crowd(plain, 5, 0.3) as crowd:
        time.sleep(5)
        before = memory()
        time.sleep(15)
        after = memory()
    times = sorted(record.slowest for patient in crowd.patients for record in patient.records)
    print(f"p95 {times[int(len(times) * 0.95)]:.3f} s of {len(times)} turns, memory {after / before - 1:+.1%}")
    assert after < 1.05 * before
    check(plain, crowd.patients, "calm")

"""Metrics: bounded labels, a private port, nothing without METRICS_PORT."""

from __future__ import annotations

import re
import socket

import httpx
import pytest
from prometheus_client import generate_latest

from valve_clinic import paths
from valve_clinic.operations import metrics
from valve_clinic.privacy.rules import read_kinds


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("value", ["my name is Ann", "", None, 5, ["answer"]])
def test_what_is_not_known_becomes_other(value: object) -> None:
    assert metrics.bounded(value, metrics.KINDS) == "other"


def masked(what: str) -> float:
    return metrics.REGISTRY.get_sample_value("valve_clinic_masked_total", {"what": what}) or 0.0


def test_masked_data_is_counted_by_what_it_is() -> None:
    before = masked("phone"), masked("other")
    metrics.count_masked("phone", 2)
    metrics.count_masked("Ann Smith")
    assert (masked("phone") - before[0], masked("other") - before[1]) == (2, 1)
    assert "Ann" not in generate_latest(metrics.REGISTRY).decode()


def test_every_kind_that_is_masked_has_its_own_count() -> None:
    assert {kind.id for kind in read_kinds()} | {"name"} == metrics.MASKED


def test_every_code_and_kind_of_the_channel_is_known() -> None:
    sources = "".join(path.read_text("utf-8") for path in (paths.ROOT / "valve_clinic" / "channel").glob("*.py"))
    codes = set(re.findall(r'(?:ApiError|cls)\(\s*(?:\d{3}|error\.status_code),\s*"([a-z_]+)"', sources))
    assert len(codes) > 8
    assert codes <= metrics.CODES
    api = (paths.ROOT / "docs" / "website-api.md").read_text("utf-8")
    assert all(f"`{word}`" in api for word in metrics.KINDS | metrics.SAFETY)


def test_without_a_port_nothing_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("METRICS_PORT", raising=False)
    monkeypatch.setattr(metrics, "start_http_server", lambda *_a, **_k: pytest.fail("it listens"))
    metrics.serve()


def test_the_port_is_this_machines_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    port = free_port()

    def start(*arguments: object, **options: object) -> None:
        started.append(original(*arguments, **options))

    original = metrics.start_http_server
    monkeypatch.setattr(metrics, "start_http_server", start)
    monkeypatch.setenv("METRICS_PORT", str(port))
    monkeypatch.delenv("METRICS_HOST", raising=False)
    metrics.serve()
    try:
        assert "valve_clinic_turns_in_flight" in httpx.get(f"http://127.0.0.1:{port}/metrics").text
        with socket.socket() as probe, pytest.raises(OSError, match="refused"):
            probe.connect(("127.0.0.2", port))
        with pytest.raises(metrics.MetricsError, match=f"127.0.0.1:{port}"):
            metrics.serve()
    finally:
        server, thread = started[0]
        server.shutdown()
        server.server_close()
        thread.join()

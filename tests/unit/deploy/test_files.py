"""The files in deploy/ hold together: with each other, with the settings of the code, and with the clinic's number."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import assert_notice, missing_service

from benchmarks import servers
from valve_clinic import paths
from valve_clinic.settings import SETTINGS

DEPLOY = paths.ROOT / "deploy"
NAMES = {setting.name for setting in SETTINGS}
GRACE = next(int(s.default) for s in SETTINGS if s.name == "SANIC_GRACEFUL_SHUTDOWN_TIMEOUT")
NGINX = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yml").read_text(encoding="utf-8"))
    return found


def manifests() -> dict[tuple[str, str], dict[str, Any]]:
    files = sorted((DEPLOY / "kubernetes").glob("*.yml"))
    found = [part for file in files for part in yaml.safe_load_all(file.read_text(encoding="utf-8"))]
    return {(part["kind"], part["metadata"]["name"]): part for part in found}


def pod() -> dict[str, Any]:
    spec: dict[str, Any] = manifests()["Deployment", "chat"]["spec"]["template"]["spec"]
    return spec


def test_nginx_takes_the_configuration(tmp_path: Path) -> None:
    try:
        nginx = servers.find_nginx()
    except FileNotFoundError as error:
        missing_service(str(error))
    config = servers.nginx_config(tmp_path, 18080, ["127.0.0.1:1", "127.0.0.1:2"])
    done = subprocess.run([nginx, "-t", "-c", str(config), "-p", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr


def test_without_any_process_nginx_says_what_to_do_in_the_shape_of_the_contract() -> None:
    (body,) = re.findall(r"return 503 '(.*)';", NGINX)
    found = json.loads(body)
    assert set(found) == {"error", "replies"}
    assert_notice(found["replies"][0])


def test_nginx_knows_the_processes_of_compose() -> None:
    members = set(re.findall(r"server ([\w-]+):5005 ", NGINX))
    assert members == {name for name in compose()["services"] if name.startswith("chat-")}
    assert members <= set(compose()["services"]["nginx"]["depends_on"])


def test_the_proxy_waits_longer_than_a_request_may_take() -> None:
    (seconds,) = re.findall(r"proxy_read_timeout (\d+)s", NGINX)
    assert int(seconds) > next(int(s.default) for s in SETTINGS if s.name == "SANIC_RESPONSE_TIMEOUT")


@pytest.mark.parametrize("name", ["chat-1", "chat-2", "nginx", "redis"])
def test_services_can_write_nowhere_but_in_memory_and_gain_nothing(name: str) -> None:
    service = compose()["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]


def test_only_the_proxy_can_be_reached_and_every_service_says_how_it_is() -> None:
    services = compose()["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]
    own = {name for name, service in services.items() if "healthcheck" not in service}
    assert own == {"chat-1", "chat-2"}, "these have that of the image"
    assert "HEALTHCHECK" in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert int(services["chat-1"]["stop_grace_period"].rstrip("s")) > GRACE


def test_every_setting_exists() -> None:
    environment = compose()["services"]["chat-1"]["environment"]
    named = set(environment) | {item["name"] for item in pod()["containers"][0]["env"]}
    assert named - NAMES == set()


def test_the_pod_runs_without_rights_on_a_file_system_that_it_cannot_change() -> None:
    (container,) = pod()["containers"]
    assert pod()["securityContext"]["runAsNonRoot"] is True
    assert pod()["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]


def test_traffic_goes_by_ready_and_restarts_by_health_and_a_stop_has_time() -> None:
    (container,) = pod()["containers"]
    paths_of = {kind: container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")}
    health = "/webhooks/website/health"
    assert paths_of == {"startup": health, "liveness": health, "readiness": "/webhooks/website/ready"}
    waits = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod()["terminationGracePeriodSeconds"] > waits + GRACE


def test_what_scales_and_what_must_stay_name_the_same_pods() -> None:
    found = manifests()
    labels = found["Deployment", "chat"]["spec"]["template"]["metadata"]["labels"]
    assert found["Service", "chat"]["spec"]["selector"] == labels
    assert found["PodDisruptionBudget", "chat"]["spec"]["selector"]["matchLabels"] == labels
    assert found["NetworkPolicy", "chat"]["spec"]["podSelector"]["matchLabels"] == labels
    scaler = found["HorizontalPodAutoscaler", "chat"]["spec"]
    assert scaler["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "chat"}
    assert scaler["minReplicas"] >= found["PodDisruptionBudget", "chat"]["spec"]["minAvailable"] + 1
    path = found["Ingress", "chat"]["spec"]["rules"][0]["http"]["paths"][0]
    assert path["path"] == "/webhooks/website/"


def test_no_secret_is_in_the_files_or_in_the_image() -> None:
    for file in sorted(DEPLOY.rglob("*")):
        if file.is_file():
            text = file.read_text(encoding="utf-8")
            assert not re.search(r"://[^@\s/]+:[^@\s/$]+@", text), f"{file.name}: a password in an address"
    ignore = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignore[0] == "**", "only what is named goes into the image"
    assert not {"!var", "!deploy", "!.git", "!tests"} & set(ignore)
    assert "\nUSER 10001:10001\n" in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def test_everything_that_the_image_copies_exists_and_is_let_through() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    ignore = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    copied = [name for line in re.findall(r"^COPY (?!--)(.*) \S+$", dockerfile, re.MULTILINE) for name in line.split()]
    assert len(copied) > 10
    for name in copied:
        assert (paths.ROOT / name).exists(), name
        assert f"!{name}" in ignore, name

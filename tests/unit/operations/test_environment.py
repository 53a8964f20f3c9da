"""Settings nobody reads, limits that cannot be, telemetry, and secrets that stand in files."""

from __future__ import annotations

from pathlib import Path

import pytest

from valve_clinic import paths, settings
from valve_clinic.operations import environment

WEBSITE = "valve_clinic.channel.website.WebsiteInput"


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for setting in settings.SETTINGS:
        if setting.name != "VALVE_CLINIC_HOME":
            monkeypatch.delenv(setting.name, raising=False)


def credentials(folder: Path, text: str) -> Path:
    path = folder / "credentials.yml"
    path.write_text(f"{WEBSITE}:\n  {text}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("WEBSITE_TURN_SECOND", "WEBSITE_TURN_SECONDS"),
        ("WEBSITE_MESSAGE_PER_MINUTE", "WEBSITE_MESSAGES_PER_MINUTE"),
        ("METRIC_PORT", "METRICS_PORT"),
        ("METRICS_PROT", "METRICS_PORT"),
        ("CONTENT_DATABASE_URI", "CONTENT_DATABASE_URL"),
        ("LOG_FORMATT", "LOG_FORMAT"),
    ],
)
def test_a_misspelt_setting_is_found(name: str, meant: str) -> None:
    found = environment.check_names({name: "x"})
    assert [str(line) for line in found] == [f"the setting {name} is unknown; did you mean {meant}?"]


@pytest.mark.parametrize(
    "name",
    ["WEBSITE_SITE_NAME", "WEBSITE_INSTANCE_ID", "CONTENT_TYPE", "LOG_LEVEL", "PATH", "HOSTNAME", "SANIC_BACKLOG"],
)
def test_what_other_programs_set_is_left_alone(name: str) -> None:
    assert environment.check_names({name: "x"}) == []


def test_every_setting_is_known() -> None:
    assert environment.check_names({setting.name: "x" for setting in settings.SETTINGS}) == []


def test_the_defaults_and_the_projects_file_are_right() -> None:
    assert environment.check_values(paths.CREDENTIALS_FILE) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WEBSITE_TURN_SECONDS", "0"),
        ("WEBSITE_TURN_SECONDS", "-1"),
        ("WEBSITE_MESSAGES_PER_MINUTE", "-5"),
        ("WEBSITE_REQUESTS_PER_MINUTE", "many"),
        ("METRICS_PORT", "70000"),
        ("PORT", "0"),
        ("LOG_FORMAT", "xml"),
        ("SANIC_REQUEST_TIMEOUT", "0"),
        ("CONTENT_DATABASE_URL", "var/content.db"),
        ("LOCK_URL", "127.0.0.1:6379"),
        ("LOCK_URL", "http://locks"),
        ("EVENT_BROKER_URL", "kafka://broker"),
    ],
)
def test_a_value_that_cannot_be_used_is_found(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    found = environment.check_values(paths.CREDENTIALS_FILE)
    assert len(found) == 1
    assert name in str(found[0])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOCK_URL", "redis://127.0.0.1:6379/0"),
        ("LOCK_URL", "postgresql+psycopg2://bot@db/chat"),
        ("EVENT_BROKER_URL", "amqp://bot@broker/"),
    ],
)
def test_the_urls_of_services_that_there_are_are_right(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert environment.check_values(paths.CREDENTIALS_FILE) == []


@pytest.mark.parametrize("text", ["turn_seconds: 0", "messages_per_minute: -1", "requests_per_minute: a lot"])
def test_a_limit_in_the_file_that_cannot_be_used_is_found(tmp_path: Path, text: str) -> None:
    found = environment.check_values(credentials(tmp_path, text))
    assert [str(line).startswith(f"credentials.yml: {text.partition(':')[0]} must be") for line in found] == [True]


def test_a_turn_must_end_before_its_request_is_cut(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "SANIC_RESPONSE_TIMEOUT=8" in str(environment.check_values(credentials(tmp_path, "turn_seconds: 8"))[0])
    monkeypatch.setenv("SANIC_RESPONSE_TIMEOUT", "20")
    monkeypatch.setenv("SANIC_GRACEFUL_SHUTDOWN_TIMEOUT", "20")
    assert "GRACEFUL_SHUTDOWN_TIMEOUT=20" in str(environment.check_values(credentials(tmp_path, "turn_seconds: 8"))[0])
    monkeypatch.setenv("SANIC_GRACEFUL_SHUTDOWN_TIMEOUT", "25")
    assert environment.check_values(credentials(tmp_path, "turn_seconds: 8")) == []


def test_metrics_must_not_be_on_the_public_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICS_PORT", "5005")
    assert "public port" in str(environment.check_values(paths.CREDENTIALS_FILE)[0])


@pytest.mark.parametrize("value", ["true", "True", "1", "yes", ""])
def test_telemetry_is_refused(value: str) -> None:
    assert "RASA_TELEMETRY_ENABLED=false" in str(environment.check_telemetry({"RASA_TELEMETRY_ENABLED": value})[0])


def test_no_telemetry_is_right() -> None:
    assert environment.check_telemetry({"RASA_TELEMETRY_ENABLED": "False "}) == []
    assert environment.check_telemetry({}) == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("event_broker: {type: pika, password: hunter2}", "event_broker.password"),
        ("a: {jwt_key: abc}", "a.jwt_key"),
        ("slack: {slack_token: xoxb-1}", "slack.slack_token"),
        ("tracker_store: {url: 'postgresql://bot:hunter2@db/x'}", "tracker_store.url"),
    ],
)
def test_a_secret_in_a_file_is_found_and_not_repeated(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "endpoints.yml"
    path.write_text(text, encoding="utf-8")
    found = str(environment.check_secrets_in_files(path)[0])
    assert place in found
    assert "hunter2" not in found


@pytest.mark.parametrize(
    "text",
    ["event_broker: {password: '${BROKER_PASSWORD}'}", "a: {url: 'https://example.org/a:b@c'}", "a: {token: ''}"],
)
def test_a_secret_from_the_environment_is_right(tmp_path: Path, text: str) -> None:
    path = tmp_path / "endpoints.yml"
    path.write_text(text, encoding="utf-8")
    assert environment.check_secrets_in_files(path) == []

"""What is wrong with the settings is one sentence, before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from valve_clinic import paths, serving
from valve_clinic.channel.website import WebsiteInput
from valve_clinic.serving import StartError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WEBSITE_ORIGINS", "*"),
        ("WEBSITE_ORIGINS", "https://good.example,https://bad.example/path"),
        ("WEBSITE_TURN_SECONDS", "0"),
        ("WEBSITE_TRUSTED_PROXIES", "one"),
        ("WEBSITE_MESSAGES_PER_MINUTE", "-1"),
    ],
)
def test_a_setting_of_the_channel_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(StartError, match=name) as refused:
        serving._check_channel()
    assert "\n" not in str(refused.value)


def test_the_channel_as_it_is_delivered_is_set_up_right() -> None:
    serving._check_channel()


def test_the_credentials_name_the_channel_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = paths.CREDENTIALS_FILE.read_text(encoding="utf-8").splitlines()
    channels = [line for line in lines if line and not line.startswith((" ", "#"))]
    assert channels == [f"{WebsiteInput.__module__}.{WebsiteInput.__name__}:"]
    broken = tmp_path / "credentials.yml"
    broken.write_text(f"{channels[0]}\n  turn_seconds: soon\n", encoding="utf-8")
    monkeypatch.setattr(paths, "CREDENTIALS_FILE", broken)
    with pytest.raises(StartError, match="channel is not set up right"):
        serving._check_channel()

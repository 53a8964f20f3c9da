"""Large files are read with libyaml where it is there, and say the same without it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from valve_clinic import plain_yaml

TEXT = 'list:\n- {text: "é, \\u00e9", n: 1}\n- text: plain\n'


@pytest.mark.parametrize("loader", [yaml.SafeLoader, plain_yaml._LOADER])
def test_a_file_says_the_same_with_each_loader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loader: type) -> None:
    file = tmp_path / "file.yml"
    file.write_text(TEXT, encoding="utf-8")
    monkeypatch.setattr(plain_yaml, "_LOADER", loader)
    assert plain_yaml.read(file) == {"list": [{"text": "é, é", "n": 1}, {"text": "plain"}]}


def test_a_mistake_is_told_with_its_line_and_no_code_is_run(tmp_path: Path) -> None:
    file = tmp_path / "file.yml"
    file.write_text("list:\n- one\n two: [\n", encoding="utf-8")
    with pytest.raises(yaml.YAMLError, match="line 3"):
        plain_yaml.read(file)
    file.write_text("list: !!python/object/apply:os.getcwd []\n", encoding="utf-8")
    with pytest.raises(yaml.YAMLError):
        plain_yaml.read(file)

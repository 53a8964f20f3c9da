"""A misspelt class is found before Rasa replaces it by something that forgets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from valve_clinic import paths
from valve_clinic.operations import class_names


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_projects_own_files_are_right() -> None:
    assert class_names.check_endpoints(paths.ENDPOINTS_FILE) == []
    assert class_names.check_credentials(paths.CREDENTIALS_FILE) == []
    assert class_names.check_pipeline(paths.CONFIG_FILE) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tracker_store: {type: SQLL}", "did you mean sql?"),
        ("tracker_store: {type: valve_clinic.channel.store.WebsiteStor}", "did you mean WebsiteStore?"),
        ("tracker_store: {type: valve_clinic.chanel.store.WebsiteStore}", "no module valve_clinic.chanel.store"),
        ("tracker_store: {type: rasa.core.tracker_store.SQLTrackerStor}", "did you mean SQLTrackerStore?"),
        ("traker_store: {type: SQL}", "did you mean tracker_store?"),
        ("lock_store: {type: Redis}", "did you mean redis?"),
        ("event_broker: {type: pikka}", "did you mean pika?"),
        ("nlg: {type: nowhere.Nlg}", "no module nowhere"),
        ("tracker_store: [", "line 1"),
        ("- a", "not a mapping"),
    ],
)
def test_a_misspelt_name_in_the_endpoints_is_said_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    found = class_names.check_endpoints(write(tmp_path / "endpoints.yml", text))
    assert len(found) == 1
    assert str(found[0]).startswith("endpoints.yml")
    assert said in str(found[0])
    assert "\n" not in str(found[0])


@pytest.mark.parametrize("kind", ["SQL", "sql", "in_memory", "rasa.core.tracker_store.SQLTrackerStore"])
def test_what_rasa_knows_is_right(tmp_path: Path, kind: str) -> None:
    assert class_names.check_endpoints(write(tmp_path / "e.yml", f"tracker_store: {{type: {kind}}}")) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rset: {}", "did you mean rest?"),
        ("valve_clinic.channel.website.WebsiteImput: {}", "did you mean WebsiteInput?"),
        ("valve_clinic.channel.web.WebsiteInput: {}", "no module valve_clinic.channel.web"),
    ],
)
def test_a_misspelt_channel_is_found(tmp_path: Path, text: str, said: str) -> None:
    assert said in str(class_names.check_credentials(write(tmp_path / "credentials.yml", text))[0])


def test_misspelt_components_and_policies_are_found(tmp_path: Path) -> None:
    text = "pipeline:\n- name: SpacyNLQ\n- name: valve_clinic.nlu.typos.TypoMendr\npolicies:\n- name: RulePolice\n"
    found = [str(line) for line in class_names.check_pipeline(write(tmp_path / "config.yml", text))]
    assert [line.rpartition("; ")[2] for line in found] == [
        "did you mean SpacyNLP?",
        "did you mean TypoMender?",
        "did you mean RulePolicy?",
    ]


@pytest.mark.parametrize("kind", ["sql", "in_memory", "valve_clinic.storage.locks.ConversationLockStore", None])
def test_a_store_that_is_not_the_projects_is_found(tmp_path: Path, kind: str | None) -> None:
    assert class_names.check_stores(paths.ENDPOINTS_FILE) == []
    right = class_names.STORES["lock_store"]
    store = f"tracker_store: {{type: {kind}}}\n" if kind else ""
    (found,) = class_names.check_stores(write(tmp_path / "e.yml", f"{store}lock_store: {{type: {right}}}"))
    assert str(found).startswith("e.yml: tracker_store is not this project's")
    assert class_names.STORES["tracker_store"] in str(found)


def test_a_misspelt_store_is_one_fault(tmp_path: Path) -> None:
    assert class_names.check_stores(write(tmp_path / "e.yml", "tracker_store: {type: sqll}")) == []


def test_the_projects_stores_are_there() -> None:
    from rasa.core.lock_store import LockStore
    from rasa.core.tracker_store import TrackerStore
    from rasa.shared.utils.common import class_from_module_path

    assert issubclass(class_from_module_path(class_names.STORES["tracker_store"]), TrackerStore)
    assert issubclass(class_from_module_path(class_names.STORES["lock_store"]), LockStore)


def test_a_missing_file_is_a_finding(tmp_path: Path) -> None:
    assert "is missing" in str(class_names.check_endpoints(tmp_path / "endpoints.yml")[0])


def test_nothing_is_imported_to_find_a_class() -> None:
    code = (
        "import sys\nfrom valve_clinic.operations.class_names import find_module, rasa_components\n"
        "assert find_module('rasa.core.tracker_store') and 'RulePolicy' in rasa_components()\n"
        "assert not {'rasa', 'tensorflow', 'sanic'} & set(sys.modules), 'imported'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=paths.ROOT)


def test_the_short_names_are_rasas_own() -> None:
    from rasa.core import lock_store, tracker_store
    from rasa.core.brokers import broker
    from rasa.core.channels import BUILTIN_CHANNELS
    from rasa.core.nlg import generator

    assert set(BUILTIN_CHANNELS) == class_names.CHANNELS
    for module, part in (
        (tracker_store, "tracker_store"),
        (lock_store, "lock_store"),
        (broker, "event_broker"),
        (generator, "nlg"),
    ):
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
        for name in class_names.ENDPOINTS[part] - {"in_memory"}:
            assert f'type.lower() == "{name}"' in source or f'type == "{name}"' in source, name

"""A small invented content, so that tests of behaviour do not hang on the wording of the real one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

import pytest

from valve_clinic import settings
from valve_clinic.content import loader, schema, yaml_file
from valve_clinic.content.store import ContentStore
from valve_clinic.database import make_engine

SAMPLE_PHONE = "555.010.0199"


def missing_service(reason: str) -> NoReturn:
    """Skip the test, or fail it where REQUIRE_SERVICES says that nothing may be skipped."""
    if settings.get("REQUIRE_SERVICES"):
        pytest.fail(f"REQUIRE_SERVICES is set, but {reason}")
    pytest.skip(reason)


def sample_fact(fact_id: str, name: str, url: str | None = "https://example.org/page") -> dict[str, Any]:
    return {
        "id": fact_id,
        "topic": "any",
        "fact": f"The fact that is called {fact_id}.",
        "source": {"name": name, "url": url, "date": "2026-01-02"},
        "confidence": "high",
    }


def sample_answer(text: str, *sources: str, variant: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "variant": variant,
        "paragraphs": [{"text": text, "sources": list(sources or ("clinic-01",))}],
        "short": f"In short: {text}",
    }


def sample_topic(topic_id: str, *answers: dict[str, Any], **changes: Any) -> schema.Topic:
    return schema.Topic.parse_obj(
        {
            "id": topic_id,
            "title": f"The title of {topic_id.replace('_', ' ')}",
            "status": "published",
            "reviewed": None,
            "review_due": "2027-05-23",
            "followups": ["ask_causes", "book_appointment"],
            "handoff": None,
            "answers": list(answers) or [sample_answer(f"The text of {topic_id.replace('_', ' ')}.")],
            **changes,
        }
    )


@pytest.fixture
def sample_clinic() -> schema.Clinic:
    return schema.Clinic.parse_obj(
        {
            "name": "Sample Clinic",
            "institute": "Sample Institute",
            "phone": SAMPLE_PHONE,
            "phone_is_for": "appointments",
            "time_zone": "America/Chicago",
            "hours": None,
            "holidays": None,
            "links": {
                "known": {"title": "A page", "url": "https://example.org/a"},
                "unknown": {"title": "Another page", "url": None},
            },
            "numbers": {"emergency": "911"},
            "handoffs": {
                "appointment": {"purpose": "make an appointment", "have_ready": ["your card"], "source": None},
                "general": {"purpose": "reach somebody", "have_ready": ["your question"], "source": None},
            },
        }
    )


@pytest.fixture
def sample_content(sample_clinic: schema.Clinic) -> loader.Content:
    facts = [
        sample_fact("clinic-01", "The clinic's page", url=None),
        sample_fact("clinic-02", "The clinic's page", url=None),
        sample_fact("heart-01", "Heart Group", url="https://example.org/heart"),
        sample_fact("lung-01", "Lung Group", url="https://example.org/lung"),
    ]
    topics = [
        sample_topic(
            "ask_recovery_time",
            sample_answer("Recovery in general.", "clinic-01"),
            sample_answer("Recovery after the clip.", "clinic-01", variant={"procedure": "mitraclip"}),
            sample_answer("Recovery after surgery.", "heart-01", variant={"procedure": "surgery"}),
            sample_answer(
                "Recovery after surgery when it was severe.",
                "lung-01",
                variant={"procedure": "surgery", "severity": "severe"},
            ),
        ),
        sample_topic("ask_causes", sample_answer("Causes of it.", "clinic-01", "heart-01", "clinic-02", "lung-01")),
        sample_topic("ask_mitraclip", context={"procedure": "mitraclip"}),
        sample_topic("ask_results", status="draft"),
        sample_topic("ask_personal_advice", kind="advice_declined", handoff="general"),
        sample_topic(
            "book_appointment",
            sample_answer("Call {phone} for a visit.", "clinic-01"),
            handoff="appointment",
            link="known",
        ),
        sample_topic("find_provider", link="unknown"),
    ]
    return loader.Content(
        sample_clinic,
        {fact["id"]: schema.Fact.parse_obj(fact) for fact in facts},
        {topic.id: topic for topic in topics},
        digest="first",
    )


@pytest.fixture
def sample_store(tmp_path: Path, sample_content: loader.Content) -> Iterator[ContentStore]:
    """The sample content in a database of its own."""
    store = ContentStore(make_engine(f"sqlite:///{tmp_path}/sample.db"))
    store.publish(sample_content)
    yield store
    store.close()


_read = yaml_file.read
_read_before: dict[tuple[str, bytes], Any] = {}


def _read_once(path: Path) -> Any:
    """Read a file only when no file of the same name and bytes was read before: hundreds of tests read the folder."""
    key = (path.name, path.read_bytes() if path.is_file() else b"")
    if key not in _read_before:
        _read_before[key] = _read(path)
    return _read_before[key]


@pytest.fixture
def quick_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Content files that were read before are not parsed again."""
    monkeypatch.setattr(yaml_file, "read", _read_once)


@lru_cache(maxsize=1)
def load_real_content() -> loader.Content:
    return loader.load_files()


@pytest.fixture(scope="session")
def real_content() -> loader.Content:
    """The content folder as it stands."""
    return load_real_content()


@pytest.fixture(scope="session")
def real_store(tmp_path_factory: pytest.TempPathFactory, real_content: loader.Content) -> Iterator[ContentStore]:
    """The real content in a database for reading only."""
    store = ContentStore(make_engine(f"sqlite:///{tmp_path_factory.mktemp('real')}/content.db"))
    store.publish(real_content)
    yield store
    store.close()


def changed(content: loader.Content, digest: str, **topics: schema.Topic | None) -> loader.Content:
    """Return the content with topics replaced, or left out where None."""
    merged = {**content.topics, **topics}
    return dataclasses.replace(
        content, digest=digest, topics={name: topic for name, topic in merged.items() if topic is not None}
    )

"""The project's own encoder puts together what people would put together."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from unit.conftest import missing_service
from unit.nlu.conftest import trained_models
from valve_clinic.insights import themes
from valve_clinic.nlu.encoder import EncoderError

RIDES = ["can a van pick me up for the visit", "do you offer rides to the hospital", "i have no ride to my visit"]
HOTELS = ["cheap hotel near the hospital", "where can my family sleep nearby, a hotel maybe"]
ALONE = ["what is the wifi password"]


@pytest.fixture(scope="module")
def encode() -> Iterator[themes.Encode]:
    models = trained_models()
    if not models:
        missing_service("there is no trained model; run `make train`")
    with themes.encoder(models[0]) as found:
        yield found


def test_messages_on_one_matter_are_a_theme_and_another_matter_is_not(encode: themes.Encode) -> None:
    texts = [RIDES[0], HOTELS[0], ALONE[0], RIDES[1], HOTELS[1], RIDES[2]]
    groups = [{texts[row] for row in group.rows} for group in themes.group(texts, encode)]
    assert groups == [set(RIDES), set(HOTELS), set(ALONE)]


def test_every_message_is_in_one_group(encode: themes.Encode) -> None:
    texts = [*RIDES, *HOTELS, *ALONE, "asdf", "?", RIDES[0]]
    rows = [row for group in themes.group(texts, encode) for row in group.rows]
    assert sorted(rows) == list(range(len(texts)))


def test_no_message_and_one_message_need_no_model() -> None:
    def never(_texts):
        raise AssertionError

    assert themes.group([], never) == []
    assert themes.group(["one"], never) == [themes.Group((0,))]


def test_the_most_central_message_speaks_for_its_theme() -> None:
    near = np.array([[1.0, 0.1], [1.0, 0.0], [1.0, -0.1]], dtype=np.float32)
    vectors = near / np.linalg.norm(near, axis=1, keepdims=True)
    assert themes.group(["a", "b", "c"], lambda _: vectors)[0].rows[0] == 1


def test_an_archive_without_an_encoder_is_said(tmp_path: Path) -> None:
    path = tmp_path / "model.tar.gz"
    with tarfile.open(path, "w:gz"):
        pass
    with pytest.raises(EncoderError), themes.encoder(path):
        pass

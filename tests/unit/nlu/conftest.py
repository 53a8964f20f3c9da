"""The sentence encoder, loaded once."""

from __future__ import annotations

import pytest

from valve_clinic.nlu import encoder as encoders
from valve_clinic.nlu.encoder import SentenceEncoder
from valve_clinic.nlu.featurizer import converted_encoder


@pytest.fixture(scope="session")
def encoder() -> SentenceEncoder:
    return SentenceEncoder(converted_encoder(), encoders.weights_folder() / "tokenizer.json")

"""The encoder of a trained model, loaded once."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pytest

from valve_clinic import paths, training
from valve_clinic.nlu import encoder as encoders
from valve_clinic.nlu.encoder import SentenceEncoder

from ..conftest import missing_service

FILES = (encoders.EMBEDDINGS, encoders.PUBLISHED, encoders.TUNED, encoders.TOKENIZER)


def trained_models() -> list[Path]:
    """The model of the present data first, then others, newest first: tuning one here would take minutes."""
    others = sorted(paths.MODELS.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime, reverse=True)
    return [path for path in [training.model_path(), *others] if path.is_file()]


@pytest.fixture(scope="session")
def encoder_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the encoder's files as the model archive holds them."""
    folder = tmp_path_factory.mktemp("encoder")
    for model in trained_models():
        with tarfile.open(model) as archive:
            for member in archive:
                name = Path(member.name).name
                if name in FILES and "SentenceEncoderFeaturizer" in member.name:
                    with (folder / name).open("wb") as file:
                        shutil.copyfileobj(archive.extractfile(member), file)
        if all((folder / name).is_file() for name in FILES):
            return folder
    return missing_service("there is no trained model; run `make train`")


@pytest.fixture(scope="session")
def encoder(encoder_files: Path) -> SentenceEncoder:
    return SentenceEncoder(encoder_files)

"""Trains a model when the data has none yet: a model's name carries the hash of what it was made from."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable
from pathlib import Path

from valve_clinic import paths
from valve_clinic.operations import manifest

_INPUTS = (
    "config.yml",
    "domain.yml",
    "data/**/*.yml",
    "valve_clinic/nlu/**/*.py",
    "valve_clinic/nlu/*.yml",
    "valve_clinic/nlu/clinic_en/**/*",
)
#: The module whose log says how far the tuning is.
_TEACHER = "valve_clinic.nlu.teaching"


def fingerprint(root: Path = paths.ROOT) -> str:
    """Return a SHA-256 over the files that a model is made from."""
    digest = hashlib.sha256()
    for pattern in _INPUTS:
        for path in sorted(root.glob(pattern)):
            if path.is_file():
                digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def model_path(root: Path = paths.ROOT) -> Path:
    """Return where the model of the present data is, or will be."""
    return root / "models" / f"valve-clinic-{fingerprint(root)[:12]}.tar.gz"


class _Progress(logging.Handler):
    """Hands the tuning's own lines to whoever watches the training."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(logging.INFO)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """Pass the line on."""
        self._tell(record.getMessage())


def silence_warnings() -> None:
    """Rasa and its pinned dependencies warn about themselves; who trains or serves can do nothing about it."""
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").setLevel(logging.ERROR)


def train(target: Path, tell: Callable[[str], None]) -> None:
    """Train with Rasa and put the model at `target`; raises `RuntimeError` when Rasa reports an error.

    `tell` gets a line of progress now and then.
    """
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    # TensorFlow takes its faster kernels by itself only where the processor has units for neural networks; with AVX2
    # alone they save a fifth of a step, too.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    silence_warnings()
    import rasa
    import structlog

    from valve_clinic import lean_training

    # Unless Rasa's own command line is in charge, each state of each rule is told.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))

    progress = logging.getLogger(_TEACHER)
    progress.setLevel(logging.INFO)
    progress.addHandler(_Progress(tell))
    with lean_training.installed():
        result = rasa.train(
            domain=str(paths.DOMAIN_FILE),
            config=str(paths.CONFIG_FILE),
            training_files=[str(paths.DATA)],
            output=str(target.parent),
            fixed_model_name=target.name.removesuffix(".tar.gz"),
            force_training=True,
        )
    if result.code != 0 or not target.is_file():
        raise RuntimeError(f"training ended with code {result.code} and made no model at {target}")
    manifest.write(target)

"""How a message is understood: the spaCy pipeline, the sentence encoder and the classifier."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=1)
def source_hash() -> str:
    """Return a hash of this package's code and rules, for the components' configuration.

    Rasa restores a trained component from its cache when configuration and data are the same; it does not see that a
    module the component uses has changed (rasa/engine/training/fingerprinting.py).
    """
    digest = hashlib.sha256()
    for path in sorted([*Path(__file__).parent.glob("*.py"), *Path(__file__).parent.glob("*.yml")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]

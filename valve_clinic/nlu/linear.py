"""Logistic regression on sentence vectors and TF-IDF n-grams, kept as arrays and word lists.

For training, the n-grams are condensed to a few hundred dimensions (latent semantic analysis): seconds instead of
minutes at nearly the same accuracy. The result is folded back into one weight per n-gram, so that what is kept and run
is a plain linear model: arrays and a word list, no pickle.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import hstack
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

_ARRAYS = "linear.npz"
_WORDS = "linear.json"
#: Settings of the n-gram counters: words, and characters inside words (for typos).
_COUNTERS: tuple[dict[str, Any], ...] = (
    {"ngram_range": (1, 2), "min_df": 2},
    {"analyzer": "char_wb", "ngram_range": (2, 5), "min_df": 3},
)


class LinearModel:
    """One weight per output and feature: sentence vector (384), then n-grams.

    Outputs are the classes, of which a text has one, and then the flags, each a yes/no question of its own.
    """

    def __init__(
        self,
        classes: list[str],
        counters: list[TfidfVectorizer],
        dense: np.ndarray,
        sparse: np.ndarray,
        intercept: np.ndarray,
    ) -> None:
        """Take arrays of shapes (outputs, 384), (n-grams, outputs) and (outputs,)."""
        self.classes = classes
        self._counters = counters
        self._dense = dense
        self._sparse = sparse
        self._intercept = intercept

    def scores(self, text: str, vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the classes' log-probabilities, in the order of `classes`, and the flags' log-odds."""
        scores = self._intercept + self._dense @ vector
        start = 0
        for counter in self._counters:
            row = counter.transform([normalise(text)])
            scores = scores + row.data @ self._sparse[start + row.indices]
            start += row.shape[1]
        known = len(self.classes)
        return log_softmax(scores[:known]), scores[known:]

    def write(self, folder: Path) -> None:
        """Keep the model in `folder`."""
        idf = {f"idf{index}": counter.idf_ for index, counter in enumerate(self._counters)}
        np.savez(folder / _ARRAYS, dense=self._dense, sparse=self._sparse, intercept=self._intercept, **idf)
        words = [sorted(counter.vocabulary_, key=counter.vocabulary_.__getitem__) for counter in self._counters]
        kept = {"classes": self.classes, "words": words}
        (folder / _WORDS).write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> LinearModel:
        """Return the model kept in `folder`; raises OSError or ValueError when it is not whole."""
        kept = json.loads((folder / _WORDS).read_text(encoding="utf-8"))
        with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
            counters = []
            for index, (words, settings) in enumerate(zip(kept["words"], _COUNTERS, strict=True)):
                counter = TfidfVectorizer(sublinear_tf=True, vocabulary=words, **settings)
                counter.idf_ = arrays[f"idf{index}"]
                counters.append(counter)
            return cls(kept["classes"], counters, arrays["dense"], arrays["sparse"], arrays["intercept"])


def fit(
    texts: Sequence[str], dense: np.ndarray, labels: Sequence[str], flags: np.ndarray, config: dict[str, Any]
) -> LinearModel:
    """Return a model fitted to texts, their sentence vectors (n, 384), their labels and their flags (n, flags).

    `config` holds `C`, `sparse_dimensions`, `sparse_weight` and `max_iter`.
    """
    cleaned = [normalise(text) for text in texts]
    counters = [TfidfVectorizer(sublinear_tf=True, **settings).fit(cleaned) for settings in _COUNTERS]
    counted = hstack([counter.transform(cleaned) for counter in counters]).tocsr()
    condenser = TruncatedSVD(config["sparse_dimensions"], n_iter=4, random_state=0)
    condensed = condenser.fit_transform(counted) * config["sparse_weight"]
    features = np.hstack([dense.astype(np.float64), condensed])
    model = _regression(config).fit(features, labels)
    fitted = [_fit_flag(features, flag > 0, config) for flag in flags.T]
    weights = np.vstack([model.coef_, *(weights for weights, _ in fitted)])
    width = dense.shape[1]
    folded = (weights[:, width:] * config["sparse_weight"]) @ condenser.components_
    return LinearModel(
        [str(name) for name in model.classes_],
        counters,
        weights[:, :width].astype(np.float32),
        np.ascontiguousarray(folded.T, dtype=np.float32),
        np.concatenate([model.intercept_, *(intercept for _, intercept in fitted)]).astype(np.float32),
    )


def _regression(config: dict[str, Any]) -> LogisticRegression:
    return LogisticRegression(C=config["C"], max_iter=config["max_iter"], solver="lbfgs", random_state=0)


def _fit_flag(features: np.ndarray, flag: np.ndarray, config: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (1, features) and intercept (1,); a flag that no message has, or all have, needs no weights."""
    if flag.all() or not flag.any():
        return np.zeros((1, features.shape[1])), np.array([10.0 if flag.all() else -10.0])
    model = _regression(config).fit(features, flag)
    return model.coef_, model.intercept_


def normalise(text: str) -> str:
    """Return the text in lower case with runs of blanks made one; the classifier sees no more than 400 characters."""
    return " ".join(text.lower().split())[:400]


def log_softmax(scores: np.ndarray) -> np.ndarray:
    """Return the log-probabilities of scores, along the last axis."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    result: np.ndarray = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result

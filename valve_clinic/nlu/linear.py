"""Logistic regression on TF-IDF n-grams of words and letters, kept as arrays and word lists.

For training, the n-grams are condensed to a few hundred dimensions (latent semantic analysis): seconds instead of
minutes at nearly the same accuracy. The result is folded back into one weight per n-gram, so that what is kept and run
is a plain linear model: arrays and a word list, no pickle.
"""

from __future__ import annotations

import json
import warnings
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import hstack
from sklearn.decomposition import TruncatedSVD
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

_ARRAYS = "linear.npz"
_WORDS = "linear.json"
#: Settings of the n-gram counters: words, and characters inside words (for typos).
_COUNTERS: tuple[dict[str, Any], ...] = (
    {"ngram_range": (1, 2), "min_df": 2},
    {"analyzer": "char_wb", "ngram_range": (2, 5), "min_df": 3},
)
#: How many texts are remembered: those of turns that are under way, with their parts.
_LATELY = 64


class LinearModel:
    """One weight per n-gram and output.

    Outputs are the classes, of which a text has one, and then the flags, each a yes/no question of its own.
    """

    def __init__(
        self, classes: list[str], counters: list[TfidfVectorizer], weights: np.ndarray, intercept: np.ndarray
    ) -> None:
        """Take arrays of shapes (n-grams, outputs), in half precision, and (outputs,)."""
        self.classes = classes
        self._counters = counters
        self._weights = weights
        self._intercept = intercept
        # A message and its parts are looked at twice or three times in a turn.
        self._lately = lru_cache(_LATELY)(self._score)
        # The same counting as scikit-learn's for one text, without building a matrix: a tenth of the time.
        self._analyzers = [(counter.build_analyzer(), counter.vocabulary_, counter.idf_) for counter in counters]

    def scores(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the classes' log-probabilities, in the order of `classes`, and the flags' log-odds."""
        return self._lately(normalise(text))

    def _score(self, cleaned: str) -> tuple[np.ndarray, np.ndarray]:
        scores = self._intercept.copy()
        start = 0
        for analyze, vocabulary, idf in self._analyzers:
            counts = Counter(analyze(cleaned))
            found = [(vocabulary[gram], count) for gram, count in counts.items() if gram in vocabulary]
            if found:
                columns, times = np.array(found, dtype=np.int64).T
                values = (1.0 + np.log(times)) * idf[columns]
                values /= np.linalg.norm(values)
                scores += values.astype(np.float32) @ self._weights[start + columns].astype(np.float32)
            start += len(vocabulary)
        known = len(self.classes)
        return log_softmax(scores[:known]), scores[known:]

    def write(self, folder: Path) -> None:
        """Keep the model in `folder`."""
        idf = {f"idf{index}": counter.idf_ for index, counter in enumerate(self._counters)}
        np.savez(folder / _ARRAYS, weights=self._weights, intercept=self._intercept, **idf)
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
            return cls(kept["classes"], counters, arrays["weights"], arrays["intercept"])


def fit(texts: Sequence[str], labels: Sequence[str], flags: np.ndarray, config: dict[str, Any]) -> LinearModel:
    """Return a model fitted to texts, their labels and their flags (n, flags).

    `config` holds `C`, `sparse_dimensions` and `max_iter`.
    """
    cleaned = [normalise(text) for text in texts]
    counters = [TfidfVectorizer(sublinear_tf=True, **settings) for settings in _COUNTERS]
    counted = hstack([counter.fit_transform(cleaned) for counter in counters]).tocsr().astype(np.float32)
    counted.sort_indices()  # counting leaves them in no order, and sums round by it
    condenser = TruncatedSVD(config["sparse_dimensions"], n_iter=2, random_state=0)
    features = condenser.fit_transform(counted)
    model = _regression(features, labels, config)
    fitted = [_fit_flag(features, flag > 0, config) for flag in flags.T]
    weights = np.vstack([model.coef_, *(weights for weights, _ in fitted)])
    return LinearModel(
        [str(name) for name in model.classes_],
        counters,
        # Half precision is half of the file and of the memory; what it rounds off is less than a thousandth.
        np.ascontiguousarray((weights @ condenser.components_).T, dtype=np.float16),
        np.concatenate([model.intercept_, *(intercept for _, intercept in fitted)]).astype(np.float32),
    )


def _regression(features: np.ndarray, labels: Any, config: dict[str, Any]) -> LogisticRegression:
    with warnings.catch_warnings():
        # It is stopped early on purpose: the last digits of the weights are not worth half of the time.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(C=config["C"], max_iter=config["max_iter"], tol=1e-3).fit(features, labels)


def _fit_flag(features: np.ndarray, flag: np.ndarray, config: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (1, features) and intercept (1,); a flag that no message has, or all have, needs no weights."""
    if flag.all() or not flag.any():
        return np.zeros((1, features.shape[1])), np.array([10.0 if flag.all() else -10.0])
    model = _regression(features, flag, config)
    return model.coef_, model.intercept_


def normalise(text: str) -> str:
    """Return the text in lower case with runs of blanks made one; the classifier sees no more than 400 characters."""
    return " ".join(text.lower().split())[:400]


def log_softmax(scores: np.ndarray) -> np.ndarray:
    """Return the log-probabilities of scores, along the last axis."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    result: np.ndarray = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result

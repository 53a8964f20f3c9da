"""Trains and measures peers side by side on the same messages in one run.

    .venv/bin/python benchmarks/understanding.py [--messages 2500] [--epochs 100] [--out FILE]

All peers learn from the same sample of the training messages (DIET takes hours on all of them) and answer the same
held-out messages. Prints a table in Markdown.
"""

from __future__ import annotations

import os

os.environ["RASA_TELEMETRY_ENABLED"] = "false"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import argparse
import asyncio
import platform
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from valve_clinic import paths, training_data
from valve_clinic.evaluation import curve, messages, predictions
from valve_clinic.evaluation.figures import Share, share
from valve_clinic.training_data import TrainingMessage

_SEED = 1
_SETS = ("held_out", "exam_hard", "exam_out_of_scope")
_WORD = re.compile(r"[a-z0-9']+")
#: From a text to its first intent, and "nlu_fallback" behind it where the peer asks back by itself.
Classify = Callable[[str], Sequence[str]]
_DEFAULT_PIPELINE: list[dict[str, Any]] = [
    {"name": "WhitespaceTokenizer"},
    {"name": "RegexFeaturizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
    {"name": "DIETClassifier", "constrain_similarities": True},
    {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1},
]


def main() -> None:
    """Train every peer on the sample and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--messages", type=int, default=2500, help="training messages in the sample; 0 takes all")
    parser.add_argument("--epochs", type=int, default=100, help="epochs of Rasa's DIET; 0 leaves it out")
    parser.add_argument("--out", type=Path, help="write the table to this file, too")
    wanted = parser.parse_args()
    predictions.silence()
    training = _sample(training_data.read(), wanted.messages)
    asked = [
        m for name in _SETS for m in messages.read(paths.ROOT / "tests/nlu" / f"{name}.yml", messages.domain_intents())
    ]
    lines = [
        f"{len(training)} training messages, {len(asked)} held-out messages ({', '.join(_SETS)}), "
        f"{platform.machine()}, {os.cpu_count()} cores",
        "",
        "| peer | in scope: right intent first | out of scope: recognised | training | one message |",
        "|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for name, make in _peers(Path(folder), wanted.epochs):
            begin = time.perf_counter()
            classify = make(training)
            trained = time.perf_counter() - begin
            lines.append(_row(name, classify, asked, trained))
            print(lines[-1], file=sys.stderr, flush=True)
    print("\n".join(lines))
    if wanted.out:
        wanted.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _peers(folder: Path, epochs: int) -> list[tuple[str, Callable[[list[TrainingMessage]], Classify]]]:
    found: list[tuple[str, Callable[[list[TrainingMessage]], Classify]]] = [
        ("keyword search in the answers", lambda _: _keywords()),
        ("BM25 over the answers (rank-bm25)", lambda _: _bm25()),
        ("nearest neighbour on the published encoder", lambda training: _nearest(training, folder)),
        ("this project's classifier", lambda training: _own(training, _made(folder / "own"))),
    ]
    if epochs:
        name = f"Rasa's default pipeline (DIET, {epochs} epochs)"
        found.append((name, lambda training: _rasa_default(training, folder, epochs)))
    return found


def _row(name: str, classify: Classify, asked: Sequence[messages.LabelledMessage], trained: float) -> str:
    seconds, right, recognised = [], [], []
    for message in asked:
        begin = time.perf_counter()
        found = classify(message.text)
        seconds.append(time.perf_counter() - begin)
        if message.intent == predictions.OUT_OF_SCOPE:
            recognised.append(not {predictions.FALLBACK, *message.accepted}.isdisjoint(found))
        else:
            right.append(found[0] in message.accepted)
    shares = " | ".join(_shown(share(hits)) for hits in (right, recognised))
    return f"| {name} | {shares} | {trained:.0f} s | {np.median(seconds) * 1e3:.1f} ms |"


def _shown(found: Share) -> str:
    return f"{found.value:.3f} ({found.hits} of {found.count})"


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _sample(training: list[TrainingMessage], count: int) -> list[TrainingMessage]:
    """Return the same messages for the same count, every intent in its share."""
    order = np.random.default_rng(_SEED).permutation(len(training))
    return [training[row] for row in (order[:count] if count else order)]


def _answers() -> tuple[list[str], list[list[str]]]:
    """Return the topics with the words of their titles and texts."""
    topics, words = [], []
    for path in sorted((paths.ROOT / "content").glob("*.yml")):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        if isinstance(data, dict) and "answers" in data:
            topics.append(path.stem)
            words.append(_WORD.findall(yaml.safe_dump([data.get("title"), data["answers"]]).lower()))
    return topics, words


def _keywords() -> Classify:
    topics, words = _answers()
    sets = [set(found) for found in words]

    def classify(text: str) -> Sequence[str]:
        asked = {word for word in _WORD.findall(text.lower()) if len(word) > 3}
        hits = [len(asked & known) for known in sets]
        return [topics[int(np.argmax(hits))] if max(hits) else predictions.FALLBACK]

    return classify


def _bm25() -> Classify:
    from rank_bm25 import BM25Okapi

    topics, words = _answers()
    ranked = BM25Okapi(words)

    def classify(text: str) -> Sequence[str]:
        scores = ranked.get_scores(_WORD.findall(text.lower()))
        return [topics[int(np.argmax(scores))] if scores.max() > 0 else predictions.FALLBACK]

    return classify


def _nearest(training: list[TrainingMessage], folder: Path) -> Classify:
    from valve_clinic.nlu import encoder as encoders

    encoders.write_published(folder)
    encoder = encoders.SentenceEncoder(folder)
    known = encoder.vectors([message.text for message in training])
    return lambda text: [training[int(np.argmax(known @ encoder.vectors([text])[0]))].intent]


def _own(training: list[TrainingMessage], folder: Path) -> Classify:
    first = curve.train(training, folder)
    return lambda text: [first(text)]


def _rasa_default(training: list[TrainingMessage], folder: Path, epochs: int) -> Classify:
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    pipeline = [{**c, "epochs": epochs} if c["name"] == "DIETClassifier" else c for c in _DEFAULT_PIPELINE]
    config, data = folder / "config.yml", folder / "nlu.yml"
    config.write_text(yaml.safe_dump({"recipe": "default.v1", "language": "en", "pipeline": pipeline}))
    by_intent: dict[str, list[str]] = {}
    for message in training:
        by_intent.setdefault(message.intent, []).append(f"- {message.text}")
    nlu = [{"intent": intent, "examples": "\n".join(texts) + "\n"} for intent, texts in by_intent.items()]
    data.write_text(yaml.safe_dump({"version": "3.1", "nlu": nlu}, allow_unicode=True, width=10_000))
    model = train_nlu(str(config), str(data), str(folder / "models"))
    agent = Agent.load(str(model))
    loop = asyncio.new_event_loop()

    def classify(text: str) -> Sequence[str]:
        found = [item["name"] for item in loop.run_until_complete(agent.parse_message(text))["intent_ranking"]]
        return found[1::-1] if found[0] == predictions.FALLBACK else found[:1]

    return classify


if __name__ == "__main__":
    main()

"""From training messages to the tuned graph: what is learnt, on which pieces, and where it is kept."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rasa.nlu.constants import SPACY_DOCS
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from tqdm import tqdm

from valve_clinic.nlu import encoder as encoders
from valve_clinic.nlu import examples, follow_ups, lessons, tuning
from valve_clinic.nlu.encoder import EncoderError, SentenceEncoder, Span
from valve_clinic.nlu.lessons import Lesson

logger = logging.getLogger(__name__)

#: How many lines of the log say how far the training is, where no terminal shows the bar.
_REPORTS = 5


def teach(
    encoder: SentenceEncoder, messages: Sequence[Message], intents: list[str], config: dict[str, Any], folder: Path
) -> None:
    """Tune on the messages and write the tuned graph into `folder`; the same messages give the same graph.

    `encoder` needs its lower graph only. Raises `EncoderError` when the packages of the group `convert` are missing.
    """
    try:
        from valve_clinic.nlu import graph, network
    except ImportError as error:
        raise EncoderError(f"training needs the group `convert` ({error}); run `make install`") from error
    learnt = [
        lessons.of_message(
            message.get(TEXT), sentences_of(message), intents.index(message.get(INTENT)), examples.flags_of(message)
        )
        for message in messages
    ]
    for pair in follow_ups.read() if config["follow_ups"] else []:
        if pair.intent in intents:
            text, span = follow_ups.joined(pair.previous, pair.text)
            lesson = lessons.of_follow_up(text, span, intents.index(pair.intent), len(examples.FLAGS))
            learnt += [lesson] * config["follow_up_times"]
    random = np.random.default_rng(config["seed"])
    learnt += lessons.together(learnt, config["pair_share"], config["pair_length"], random)
    rows = rows_of(encoder, learnt, config["max_pieces"])
    _, layers = network.read(encoders.weights_folder())
    upper = layers[len(layers) - config["tuned_layers"] :]
    with _progress() as tell:
        tuned, head = tuning.tune(rows, upper, len(intents), config, tell)
    written = graph.tuned(tuned, head, len(intents), tuning.SCALE)
    (folder / encoders.TUNED).write_bytes(written.SerializeToString())


def rows_of(encoder: SentenceEncoder, learnt: Sequence[Lesson], max_pieces: int) -> list[tuning.Row]:
    """Return the lessons as the tuned layers see them; what stands behind `max_pieces` word pieces is left out."""
    readings = encoder.read([lesson.text for lesson in learnt], max_pieces)
    rows = []
    for lesson, reading in zip(learnt, readings, strict=True):
        pieces = np.vstack([np.ones((1, len(reading.places))), reading.pieces_of(lesson.spans[1:])])
        rows.append(tuning.Row(reading.states.astype(np.float16), pieces, lesson.labels, lesson.flags))
    return rows


def sentences_of(message: Message) -> list[Span]:
    """Return the character spans of spaCy's sentences; without a spaCy document the text is one sentence."""
    document, text = message.get(SPACY_DOCS[TEXT]), message.get(TEXT)
    if document is None or len(document.text) != len(text):
        return [(0, len(text))]
    return [(sentence.start_char, sentence.end_char) for sentence in document.sents]


@contextmanager
def _progress() -> Iterator[Any]:
    """Give a function that takes the steps done and the steps in all: a bar in a terminal, else lines of the log."""
    with tqdm(desc="tuning the encoder", unit=" steps", disable=None) as bar:

        def tell(done: int, steps: int) -> None:
            bar.total = steps
            bar.update(done - bar.n)
            if bar.disable and done % max(1, steps // _REPORTS) == 0:
                logger.info("tuning the encoder: step %d of %d", done, steps)

        yield tell

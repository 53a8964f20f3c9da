"""From training messages to the tuned graph: what is learnt, on which pieces, and where it is kept."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
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
from valve_clinic.nlu.encoder import EncoderError, Reading, SentenceEncoder, Span
from valve_clinic.nlu.lessons import Lesson

logger = logging.getLogger(__name__)

#: How many lines of the log say how far the training is, where no terminal shows the bar.
_REPORTS = 5
#: How many texts are held as vectors before the next ones are read.
_READ_AT_ONCE = 512
#: How many texts say how large the numbers in each layer get.
_SAMPLE = 400


def teach(
    encoder: SentenceEncoder, messages: Sequence[Message], intents: list[str], config: dict[str, Any], folder: Path
) -> None:
    """Tune on the messages and write the tuned graph into `folder`; the same messages give the same graph.

    `encoder` needs its embeddings only. Raises `EncoderError` when the packages of the group `convert` are missing.
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
    random = np.random.default_rng(config["seed"])
    alone = [
        lesson
        for message, lesson in zip(messages, learnt, strict=True)
        if follow_ups.speaks_for_itself(lesson.text, message.get(INTENT)) and not lesson.flags[0].any()
    ]
    behind = lessons.behind_others(learnt, alone, config["behind_share"], config["pair_length"], random)
    taught = follow_ups.taught(config, intents)
    for pair in taught:
        text, span = follow_ups.joined(pair.previous, pair.text)
        if not examples.is_held_aside(text):
            flags = examples.flags_of_intent(pair.intent)
            behind.append(lessons.of_follow_up(text, span, intents.index(pair.intent), flags))
    for text, intent in follow_ups.alone(taught, known=[lesson.text for lesson in learnt]):
        flags = examples.flags_of_intent(intent)
        behind.append(lessons.of_message(text, [(0, len(text))], intents.index(intent), flags))
    learnt += lessons.together(learnt, config["pair_share"], config["pair_length"], random)
    learnt += behind
    _, layers = network.read(encoders.weights_folder())
    kept, tuned = layers[: -config["tuned_layers"]], layers[-config["tuned_layers"] :]
    sample = [lesson.text for lesson in learnt[:: -(-len(learnt) // _SAMPLE)]]
    lower = graph.lower(kept, _peaks_of(encoder, graph.peaks(kept), sample))
    below = encoders.open_graph(lower.SerializeToString(), 1)
    rows = list(rows_of(encoder, below, learnt, config["max_pieces"], config["side_by_side"]))
    with _progress() as tell:
        learnt_layers, head = tuning.tune(rows, tuned, len(intents), config, tell)
    whole = [*kept, *learnt_layers]
    peaks = _peaks_of(encoder, graph.peaks(whole), sample)
    written = graph.tuned(whole, head, len(intents), tuning.SCALE, peaks)
    (folder / encoders.TUNED).write_bytes(written.SerializeToString())


def rows_of(
    encoder: SentenceEncoder, below: Any, learnt: Sequence[Lesson], max_pieces: int, threads: int
) -> Iterator[tuning.Row]:
    """Yield the lessons as the tuned layers see them; what stands behind `max_pieces` word pieces is left out.

    `below` is a session of the layers that stay as published (`graph.lower`), of one thread. It gets one text at a
    time, as when a message comes in: what int8 rounds off depends on what is run together. `threads` texts are run
    side by side.
    """

    def states_of(reading: Reading) -> np.ndarray:
        states: np.ndarray = below.run(["tuned_on"], reading.given)[0][0]
        return states.astype(np.float16)

    with ThreadPoolExecutor(threads) as pool:
        for begin in range(0, len(learnt), _READ_AT_ONCE):
            some = learnt[begin : begin + _READ_AT_ONCE]
            readings = encoder.read([lesson.text for lesson in some], max_pieces)
            for lesson, reading, states in zip(some, readings, pool.map(states_of, readings), strict=True):
                pieces = np.vstack([np.ones((1, len(reading.places))), reading.pieces_of(lesson.spans[1:])])
                yield tuning.Row(states, pieces, lesson.labels, lesson.flags)


def _peaks_of(encoder: SentenceEncoder, measuring: Any, texts: Sequence[str]) -> list[np.ndarray]:
    """Return the largest values that the graph of `graph.peaks` finds in any of the texts."""
    session = encoders.open_graph(measuring.SerializeToString(), 1)
    names = [output.name for output in session.get_outputs()]
    highest = [np.zeros(1, dtype=np.float32)] * len(names)
    for reading in encoder.read(texts):
        highest = [np.maximum(*pair) for pair in zip(highest, session.run(names, reading.given), strict=True)]
    return highest


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

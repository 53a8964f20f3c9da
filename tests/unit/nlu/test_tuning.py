"""Tuning: batches of like length, and layers that learn from spans and from "somewhere in here"."""

from __future__ import annotations

import numpy as np
import pytest

from valve_clinic.nlu import tuning
from valve_clinic.nlu.lessons import UNKNOWN
from valve_clinic.nlu.network import Layer
from valve_clinic.nlu.tuning import Row

CONFIG = {
    "epochs": 12,
    "kept": 0.75,
    "batch_size": 8,
    "learning_rate": 1e-4,
    "head_learning_rate": 1e-2,
    "label_smoothing": 0.0,
    "dropout": 0.0,
    "part_weight": 0.5,
    "flag_weight": 1.0,
    "seed": 1,
}


def layer(random):
    def kernel(inputs, outputs):
        return (random.normal(size=(inputs, outputs)) / 20).astype(np.float32), np.zeros(outputs, np.float32)

    norm = (np.ones(384, np.float32), np.zeros(384, np.float32))
    return Layer(kernel(384, 1152), kernel(384, 384), norm, kernel(384, 1536), kernel(1536, 384), norm)


def row(random, length, label, flag, kinds):
    """A text of two clauses, the second of which carries label and flag; nobody says which clause has the flag."""
    states = random.normal(size=(length, 384)) * 0.1
    states[length // 2 :] += kinds[label] + 2 * flag * kinds[-1]
    spans = np.ones((3, length))
    spans[1, length // 2 :] = spans[2, : length // 2] = 0
    flags = np.array([[flag], [UNKNOWN if flag else 0.0], [UNKNOWN if flag else 0.0]])
    return Row(states.astype(np.float16), spans, np.array([label, UNKNOWN, label]), flags)


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(3)
    kinds = random.normal(size=(4, 384))
    return [row(random, 4 + n % 7, n % 3, float(n % 4 == 0), kinds) for n in range(48)]


@pytest.fixture(scope="module")
def layers():
    return [layer(np.random.default_rng(5))]


def test_every_row_is_taken_once_in_batches_of_like_length(rows):
    batches = list(tuning._batches(rows, np.arange(len(rows)), 8, np.random.default_rng(1)))
    assert sorted(index for group, _ in batches for index in group) == list(range(len(rows)))
    for _, (states, mask, spans, labels, flags) in batches:
        assert states.shape[:2] == mask.shape
        assert spans.shape == (len(states), 3, states.shape[1])
        assert labels.shape == (len(states), 3)
        assert flags.shape == (len(states), 3, 1)


def test_rows_come_in_the_same_order_every_time(rows):
    chosen = np.arange(0, len(rows), 2)
    first, second = (
        [group.tolist() for group, _ in tuning._batches(rows, chosen, 8, np.random.default_rng(1))] for _ in "ab"
    )
    assert {index for group in first for index in group} == set(chosen)
    assert first == second


def test_what_is_padded_is_neither_label_nor_unknown_flag():
    short = Row(np.zeros((2, 384)), np.ones((1, 2)), np.array([1]), np.array([[0.0]]))
    long = Row(np.zeros((4, 384)), np.ones((3, 4)), np.array([1, 1, 1]), np.zeros((3, 1)))
    _, mask, _, labels, flags = tuning._batch([short, long])
    assert mask.tolist() == [[1, 1, 0, 0], [1, 1, 1, 1]]
    assert labels[0].tolist() == [1, UNKNOWN, UNKNOWN]
    assert flags[0, 1:].max() < UNKNOWN


def test_what_is_returned_is_a_running_mean_of_the_weights(rows, layers, monkeypatch):
    def learnt():
        _, (kernel, _) = tuning.tune(rows, layers, 3, {**CONFIG, "epochs": 2}, lambda *_: None)
        return kernel

    # Eleven steps: the mean is of the weights after the tenth, without a mean they are those after the last.
    mean = learnt()
    monkeypatch.setattr(tuning, "_MEAN_EVERY", 100)
    last = learnt()
    assert mean.shape == last.shape
    assert not np.array_equal(mean, last)
    kept, now = [np.array([1.0])], [np.array([0.0])]
    assert tuning._closer(None, now) is now
    assert tuning._closer(kept, now)[0] == pytest.approx(tuning._MEAN_KEEPS)


def test_half_precision_is_for_processors_that_have_a_unit_for_it(tmp_path):
    cpu = tmp_path / "cpuinfo"
    assert not tuning.multiplies_halves(cpu)
    cpu.write_text("flags\t\t: fpu avx512f avx512_vnni bf16\n", encoding="utf-8")
    assert not tuning.multiplies_halves(cpu)


@pytest.mark.parametrize("flags", ["fpu avx512_bf16 avx512_vnni", "fpu amx_bf16 amx_tile"])
def test_vectors_and_matrices_of_half_precision_will_do(flags, tmp_path):
    cpu = tmp_path / "cpuinfo"
    cpu.write_text(f"flags\t\t: {flags}\n", encoding="utf-8")
    assert tuning.multiplies_halves(cpu)


@pytest.mark.parametrize("halves", [False, True])
def test_tuning_learns_and_the_same_rows_give_the_same_weights(rows, layers, halves, monkeypatch):
    monkeypatch.setattr(tuning, "multiplies_halves", lambda: halves)
    told = []
    tuned, head = tuning.tune(rows, layers, 3, CONFIG, lambda done, steps: told.append((done, steps)))
    # Six batches of eight in the first epoch, then three quarters of them, rounded up.
    assert told[-1] == (6 + 11 * 5, 6 + 11 * 5)
    again, same_head = tuning.tune(rows, layers, 3, CONFIG, lambda *_: None)
    assert np.array_equal(head[0], same_head[0])
    assert all(np.array_equal(*pair) for pair in zip(tuned[0].arrays, again[0].arrays, strict=True))
    scores, flags = judged(rows, tuned, head)
    assert np.mean([s[0].argmax() == r.labels[0] for s, r in zip(scores, rows, strict=True)]) > 0.9
    flagged = [r.flags[0, 0] > 0 for r in rows]
    assert np.mean([(f[0, 0] > 0) == yes for f, yes in zip(flags, flagged, strict=True)]) > 0.9
    # Nobody said which clause has the flag, and no clause of a text without it has one.
    inside = [f[1:, 0].max() > 0 for f in flags]
    assert np.mean([found == yes for found, yes in zip(inside, flagged, strict=True)]) > 0.9


def judged(rows, layers, head):
    import onnxruntime

    from valve_clinic.nlu import graph

    model = graph.tuned(layers, head, 3, tuning.SCALE).SerializeToString()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    found = []
    for item in rows:
        given = {
            "states": item.states[None].astype(np.float32),
            "lengths": np.array([len(item.states)], np.int32),
            "spans": item.spans[None].astype(np.float32),
        }
        found.append([output[0] for output in session.run(["scores", "flags"], given)])
    return zip(*found, strict=True)

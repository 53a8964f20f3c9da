"""The encoder's graphs: int8 layers say nearly what the published ones say, and the same on every processor."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import numpy_helper

from valve_clinic.nlu import encoder as encoders
from valve_clinic.nlu import graph, network, teaching
from valve_clinic.nlu.encoder import SentenceEncoder

TEXTS = [
    "How long is recovery after MitraClip?",
    "is it safe",
    "my mother is 81 and has had a murmur for years, and now the doctor says that the valve leaks a lot",
    "CHEST HURTS",
]
KEPT = 4


@pytest.fixture(scope="module")
def layers():
    return network.read(encoders.weights_folder())[1]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    encoders.write_published(folder)
    return SentenceEncoder(folder)


def states_of(model, output, reading):
    session = encoders.open_graph(model.SerializeToString(), 1)
    given = {"states": reading.states[None], "lengths": np.array([len(reading.places)], np.int32)}
    return session.run([output], given)[0][0]


@pytest.fixture(scope="module")
def peaks(layers, written):
    return teaching._peaks_of(written, graph.peaks(layers[:KEPT]), ["can my heart be fixed", *TEXTS[:2]])


def distance(one, other):
    return np.linalg.norm(one - other) / np.linalg.norm(one)


def test_layers_in_int8_stay_near_the_published_ones_and_nearer_when_they_are_levelled(layers, written, peaks):
    for reading in written.read(TEXTS):
        published = states_of(graph.published(layers[:KEPT]), "tokens", reading)
        rounded = states_of(graph.lower(layers[:KEPT]), "tuned_on", reading)
        levelled = states_of(graph.lower(layers[:KEPT], peaks), "tuned_on", reading)
        assert distance(published, levelled) < distance(published, rounded) < 0.2
        assert distance(published, levelled) < 0.12


def test_peaks_are_the_largest_values_that_a_kernel_is_multiplied_with(layers, written, peaks):
    assert [len(peak) for peak in peaks] == [384, 384, 384, 1536] * KEPT
    texts = ["can my heart be fixed", *TEXTS[:2]]
    first = np.max([np.abs(reading.states).max(axis=0) for reading in written.read(texts)], axis=0)
    assert np.allclose(peaks[0], first, atol=1e-5)


def test_levelling_changes_no_product(layers, peaks):
    builder = graph._Builder(small=True, peaks=peaks)
    _, kernel = builder._level("states", layers[0].attention[0])
    inverse = numpy_helper.to_array(builder._weights[0])
    assert np.allclose(inverse[:, None] * kernel, layers[0].attention[0], atol=1e-5)


def test_the_layers_of_training_are_those_of_answering(layers, peaks):
    """What the tuned layers learn on is what they are given later: the whole graph begins with the same operators."""
    below = graph.lower(layers[:KEPT], peaks).graph
    head = (np.zeros((384, 5), np.float32), np.zeros(5, np.float32))
    whole = graph.tuned(layers, head, 2, 1.0, [*peaks, *peaks[:8]]).graph
    operators = [node.op_type for node in below.node[:-1]]
    assert operators == [node.op_type for node in whole.node[: len(operators)]]
    for kept, same in zip(below.initializer, whole.initializer, strict=False):
        assert kept.raw_data == same.raw_data


def test_weights_have_seven_bits_so_that_no_processor_overflows():
    kernel = np.random.default_rng(1).normal(size=(30, 7)).astype(np.float32)
    kernel[:, 3] = 0.0
    small, scale = graph._in_int8(kernel)
    assert (small.dtype, scale.dtype, scale.shape) == (np.int8, np.float32, (7,))
    assert np.abs(small).max() == 63
    assert np.abs(small * scale - kernel).max() <= scale.max() / 2 + 1e-7


def test_the_published_layers_are_not_rounded(layers):
    kinds = {item.data_type for item in graph.published(layers).graph.initializer}
    assert kinds == {1}, "1 is float32"

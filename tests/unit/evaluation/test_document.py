"""The document, the JSON beside it, the pictures, and what moved."""

from __future__ import annotations

import copy
import dataclasses
import json

import pytest

from valve_clinic.evaluation import compare, document, pictures, report
from valve_clinic.evaluation.curve import Point
from valve_clinic.evaluation.figures import Share


def test_the_document_names_where_its_figures_come_from(sample_report):
    text = document.write(sample_report)
    for named in (
        "`valve-clinic evaluate --data tests/nlu/held_out.yml`",
        "`tests/nlu/held_out.yml`, 10 messages, SHA-256 0123456789abcdef…",
        "`some-model.tar.gz`, 12.3 MB",
        "2026-01-02",
        "2 cores",
        "python 3.10.1, rasa 3.6.21",
        "**invented**",
        "written apart from the training data",
        "**external**",
        "in the training data too, but for case and punctuation: 0.",
        "## What is not measured / gaps",
    ):
        assert named in text


def test_the_document_has_the_figures(sample_report):
    text = document.write(sample_report)
    assert "| in scope: right intent first | 0.500 | 0.19–0.81 | 6 | 3 |" in text
    assert "| parse time, median | 10.0 ms |" in text
    assert "| nonsense | – | – | 0 | 0 |" in text
    assert "| `out_of_scope` | `ask_risks` | 2 | 1 |" in text
    assert "| `ask_causes` | 3 | 0.50 | 0.67 | 0.57 | `ask_risks` 1 |" in text


def test_the_document_of_other_messages_calls_them_external_and_shows_no_pictures(sample_report):
    other = dataclasses.replace(sample_report, origin=dataclasses.replace(sample_report.origin, own_data=False))
    text = document.write(other, pictures=False)
    assert "**external**" in text
    assert "**invented**" not in text
    assert "![" not in text


def test_without_slices_and_confusions_the_document_says_so(predictions, origin):
    text = document.write(report.make(predictions[3:4], origin))
    assert "No message of the file names a slice." in text
    assert "\n\nNone.\n\n" in text


def test_the_learning_curve_says_what_it_leaves_out(sample_report):
    text = document.write(sample_report, [Point(100, Share(3, 6)), Point(200, Share(4, 6))])
    assert "Without the safety triage" in text
    assert "| 200 | 0.667 |" in text
    assert "Learning curve" not in document.write(sample_report)


def test_the_json_has_no_message_in_it(sample_report):
    text = json.dumps(report.to_json(sample_report))
    assert "words" not in text
    assert json.loads(text)["measures"]["first"]["hits"] == 3


def test_pictures_are_drawn_and_an_older_curve_goes(sample_report, tmp_path):
    curve = [Point(100, Share(3, 6)), Point(200, Share(4, 6))]
    drawn = pictures.draw(sample_report, tmp_path / "images", curve)
    assert [path.name for path in drawn] == [
        "understanding-confusion.png",
        "understanding-reliability.png",
        "understanding-slices.png",
        "understanding-learning-curve.png",
    ]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in drawn)
    pictures.draw(sample_report, tmp_path / "images")
    assert not drawn[-1].exists()


def test_nothing_moved_between_a_report_and_itself(sample_report):
    plain = report.to_json(sample_report)
    text = compare.moved(plain, copy.deepcopy(plain))
    assert text.endswith("No intent moved.")
    assert "| in scope: right intent first | 0.500 | 0.500 | +0.000 |" in text
    assert "not the same" not in text


def test_what_moved_stands_worst_first(sample_report, predictions):
    old = report.to_json(sample_report)
    better = dataclasses.replace(predictions[2], intent="ask_causes", ranking=(("ask_causes", 0.9),))
    worse = dataclasses.replace(predictions[6], intent="thank", ranking=(("thank", 0.9),))
    new = report.to_json(
        report.make([*predictions[:2], better, *predictions[3:6], worse, *predictions[7:]], sample_report.origin)
    )
    new["origin"] = {**new["origin"], "data_sha256": "other"}
    text = compare.moved(old, new)
    moved = [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")]
    assert moved == ["out_of_scope", "thank", "ask_risks", "ask_causes"]
    assert "| `ask_causes` | 3 | 0.67 | 1.00 | 0.50 | 0.67 | 0.57 | 0.80 | +0.229 |" in text
    assert "The messages are not the same" in text


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_what_is_not_an_evaluation_cannot_be_compared(tmp_path, text):
    (tmp_path / "old.json").write_text(text)
    with pytest.raises(compare.CompareError, match="old.json"):
        compare.read(tmp_path / "old.json")

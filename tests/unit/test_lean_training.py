"""Training without Rasa's copies and hashes learns from the same messages."""

from __future__ import annotations

import inspect

from rasa.engine.training import graph_trainer, hooks
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from valve_clinic import lean_training

ENTITY = {"entity": "procedure", "start": 0, "end": 3, "value": "mitraclip"}


def data() -> list[TrainingData]:
    one = Message({TEXT: "how long?", INTENT: " ask_recovery_time "})
    other = Message({TEXT: "tee", INTENT: "ask_diagnosis", ENTITIES: [dict(ENTITY)]})
    return [
        TrainingData([one, Message({TEXT: "how long?", INTENT: "ask_recovery_time"}), other]),
        TrainingData([Message({TEXT: "tee", INTENT: "ask_diagnosis"}), Message({TEXT: "how long?", INTENT: "deny"})]),
    ]


def merged() -> list[dict]:
    first, *others = data()
    return [example.data for example in first.merge(*others).training_examples]


def test_the_same_messages_come_out_in_the_same_order() -> None:
    stock = merged()
    with lean_training.installed():
        assert merged() == stock
    assert len(stock) == 4


def test_a_merged_message_is_a_copy_that_can_be_changed() -> None:
    with lean_training.installed():
        first, *others = data()
        result = first.merge(*others)
        result.training_examples[0].set(INTENT, "other")
        result.training_examples[0].features.append("feature")
        assert first.training_examples[0].get(INTENT) == "ask_recovery_time"
        assert not first.training_examples[0].features


def test_rasa_is_itself_again_afterwards() -> None:
    with lean_training.installed():
        assert graph_trainer.TrainingHook is not hooks.TrainingHook
    assert graph_trainer.TrainingHook is hooks.TrainingHook
    assert not hasattr(Message, "__deepcopy__")
    assert "fromkeys" in inspect.getsource(TrainingData.sanitize_examples)


def test_rasa_still_does_what_is_left_out() -> None:
    assert "TrainingHook(" in inspect.getsource(graph_trainer.GraphTrainer.train)
    for name in ("on_before_node", "on_after_node"):
        stock, own = (inspect.signature(getattr(hook, name)) for hook in (hooks.TrainingHook, lean_training._NoHook))
        assert list(own.parameters) == list(stock.parameters)
    assert "copy.deepcopy(o.training_examples)" in inspect.getsource(TrainingData.merge)

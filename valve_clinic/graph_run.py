"""Runs the graph of a loaded model node by node, in an order that is worked out once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner

#: A node's name with the names of the nodes and inputs whose output it takes.
Step = tuple[str, tuple[str, ...]]


def order(schema: GraphSchema, targets: Sequence[str]) -> list[Step]:
    """Return the nodes that the targets need, each behind those that it needs itself."""
    found: dict[str, tuple[str, ...]] = {}

    def add(name: str) -> None:
        node = schema.nodes.get(name)
        if node is None or name in found:  # an input of the run is no node
            return
        needs = tuple(node.needs.values())
        for needed in needs:
            add(needed)
        found[name] = needs

    for target in targets:
        add(target)
    return list(found.items())


def is_loaded(runner: DaskGraphRunner) -> bool:
    """Return whether the graph is one that answers: its components are there before it runs, unlike in training."""
    return all(node._eager for node in runner._instantiated_nodes.values())


def run(runner: DaskGraphRunner, inputs: dict[str, Any], targets: Sequence[str]) -> dict[str, Any]:
    """Return the output of each target; raises what a node raises, as Rasa's own runner does."""
    plans = runner.__dict__.setdefault("plans", {})
    key = tuple(targets)
    if key not in plans:
        plans[key] = order(runner._graph_schema, key)
    # A node takes and gives pairs of a name and an output; of what is missing it gets the name, and says so.
    done: dict[str, Any] = {name: (name, value) for name, value in inputs.items()}
    try:
        for name, needs in plans[key]:
            done[name] = runner._instantiated_nodes[name](*(done.get(needed, needed) for needed in needs))
    except RuntimeError as error:
        raise GraphRunError("Error running runner.") from error
    return {target: done[target][1] for target in targets}

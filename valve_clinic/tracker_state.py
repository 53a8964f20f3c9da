"""What a conversation's tracker is worked out to be, without going through all that was ever said each time."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Sequence

from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    DefinePrevUserUtteredFeaturization,
    Event,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

#: Where a tracker keeps the events that hold: the number of all events, the last one, what holds, and whether there is
#: a loop among them.
_APPLIED = "_valve_clinic_applied"
#: Events that only add to a conversation, where it has no loop: these classes, and none that are derived from them.
_PLAIN = frozenset([UserUttered, BotUttered, SlotSet, ActionExecuted, DefinePrevUserUtteredFeaturization])
#: What a tracker is made to be by its events, beside its slots.
_STATE = ("_paused", "followup_action", "latest_action", "latest_message", "latest_bot_utterance")


def applied_events(
    tracker: DialogueStateTracker, work_out: Callable[[DialogueStateTracker], list[Event]]
) -> list[Event]:
    """Return the events that hold, by `work_out` where there are others than plain new ones since the last time."""
    count, last = len(tracker.events), tracker.events[-1] if tracker.events else None
    known = tracker.__dict__.get(_APPLIED)
    if known is None or known[0] != count or known[1] is not last:
        added = None if known is None or known[3] else _added(tracker.events, known[0], known[1])
        if added is not None:
            known = (count, last, [*known[2], *added], False)
        else:
            has_loop = any(isinstance(event, ActiveLoop) for event in tracker.events)
            known = (count, last, work_out(tracker), has_loop)
        tracker.__dict__[_APPLIED] = known
    return list(known[2])


def _added(events: Sequence[Event], count: int, last: Event | None) -> list[Event] | None:
    """Return what has come behind so many events, the last of which is known; None where it may undo something."""
    more = len(events) - count
    if count == 0 or more <= 0:
        return None
    before, *behind = list(itertools.islice(reversed(events), more + 1))[::-1]
    return behind if before is last and all(type(event) in _PLAIN for event in behind) else None


def copy_of(tracker: DialogueStateTracker) -> DialogueStateTracker:
    """Return a tracker of its own in the same state."""
    copied = DialogueStateTracker(
        tracker.sender_id, (), tracker._max_event_history, is_rule_tracker=tracker.is_rule_tracker
    )
    copied.events.extend(tracker.events)
    for name in _STATE:
        setattr(copied, name, getattr(tracker, name))
    # What is changed in place, rather than put in the place of what was there.
    copied.active_loop = copy.copy(tracker.active_loop)
    for name, slot in tracker.slots.items():
        # What `copy.copy` makes of a slot, in a fifth of its time.
        copied.slots[name] = fresh = object.__new__(type(slot))
        fresh.__dict__.update(slot.__dict__)
    return copied

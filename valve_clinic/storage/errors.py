"""What storing can fail with."""

from __future__ import annotations


class StorageError(RuntimeError):
    """The database cannot be used now; nothing was claimed to be stored. The message has no word of a conversation."""


class ConflictError(StorageError):
    """Another process has gone on with the conversation: what was to be stored does not follow what is there."""


class BusyError(StorageError):
    """An earlier message of the conversation takes too long."""

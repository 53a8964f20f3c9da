"""Stores conversations: each turn once, whatever is killed, stopped, filled or cut off (docs/reliability.md)."""

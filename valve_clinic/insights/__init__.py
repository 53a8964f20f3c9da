"""Counts what the chat did, day by day and without a word, and keeps what it missed for a person to look at."""

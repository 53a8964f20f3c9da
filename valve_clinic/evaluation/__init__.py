"""How well messages are understood: measured on labelled messages, with tables and pictures."""

"""The staff console at `/console`: accounts, sessions, look-up of reference codes, and a hook for other pages."""

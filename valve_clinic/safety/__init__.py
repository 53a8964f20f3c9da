"""Danger before anything else: signs, levels, and what is said first."""

"""Audit: why a score is what it is, event by event, and what it would be otherwise."""

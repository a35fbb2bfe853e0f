"""Screens that lie over another one and answer with a value."""

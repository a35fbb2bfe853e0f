"""Screens: one module each. A screen arranges widgets and routes messages; it computes nothing."""

"""Layers as rows and facts: pure functions."""

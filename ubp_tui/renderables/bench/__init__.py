"""Benchmark results as rows and text: pure functions."""

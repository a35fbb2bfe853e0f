"""Benchmarks as values and services: jobs, options, devices, runs. No Textual."""

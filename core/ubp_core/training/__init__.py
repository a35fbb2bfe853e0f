"""Training image classifiers while they are pruned: what `ubp train` does, as a library.

Owns data, loop, checkpoints and log of a run. Masks are `ubp_core.pruning`'s. Must not print.
Importing this package is cheap: torch is imported with its modules.
"""

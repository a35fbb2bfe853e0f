"""Checkpoint files as they are in the world: read safely, the state dict found, tensors called what they are.

Owns everything that a file's bytes and names decide. Knows no network and builds none.
"""

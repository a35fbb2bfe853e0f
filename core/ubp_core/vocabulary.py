"""The words and limits of this project, each once: parsers, controls, checks and files take them from here.

Imports nothing, so that `--help` needs no numpy. Terms are the field's (Realizing Unaligned Block-wise Pruning,
section 3); the native library's names of methods and kernels are compared with these when it is loaded.
"""

from __future__ import annotations

from typing import Final

METHODS: Final = ("abp", "greedy", "bed", "optimal", "unstructured")
"""How blocks are selected; in the order of `ubp_method` (native/include/ubp/common_c.h)."""
DEFAULT_METHOD: Final = "optimal"
"""No method keeps more, and it is as fast as `bed`."""
DENSE: Final = "dense"
"""In place of a method, where a layer keeps all its weights."""
COMPARED_METHODS: Final = ("abp", "bed", "optimal")
"""The methods that are set against one another where none is named."""

MAX_BLOCK_SIZE: Final = 32
"""The largest N that can be selected."""
DEFAULT_BLOCK_SIZE: Final = 4
BLOCK_COLUMNS: Final = (1, 4)
"""Columns of a block: one, or a group of four."""
DEFAULT_BLOCK_COLUMNS: Final = 1
PACKED_BLOCK_SIZES: Final = (1, 2, 4, 8, 16)
"""The N that kernels and packed files have."""

DEFAULT_SPARSITY: Final = 0.75
"""Of one layer or network where none is asked for."""

CRITERIA: Final = ("l1", "l2")
"""Importance of a weight: |w| or w**2."""
DEFAULT_CRITERION: Final = "l1"

SCOPES: Final = ("uniform", "global")
"""Every layer at the same sparsity, or one budget over all layers."""
SCALES: Final = ("raw", "mean")
"""How layers' importances compare in a global budget: as they are, or each divided by its mean."""

ACTIVATIONS: Final = ("none", "relu", "relu6", "hard_swish", "hard_sigmoid", "silu", "sigmoid")
"""What a layer applies to its result; in the order of the packed file's codes."""

KERNELS: Final = ("sparse", "measured", "dense", "abp", "ubp")
"""What runs a packed layer; in the order of `ubp_kernel` (native/include/ubp/common_c.h)."""
FLOAT_DTYPES: Final = ("fp32", "fp16")
"""Types of a layer's weights, inputs and outputs that need no pictures."""
DEFAULT_DTYPE: Final = "fp32"
INT8: Final = "int8"
"""Layers and arrays of bytes, which pictures must calibrate."""
RANDOM: Final = "random"
"""Stands for random numbers in place of pictures to calibrate on."""
RANDOM_NOTE: Final = "int8 is calibrated on RANDOM numbers: its times are right, what it computes means nothing"
"""Said wherever such a network is shown."""
DTYPES: Final = (*FLOAT_DTYPES, INT8)
"""All types; in the order of their codes in packed files."""

OBSERVERS: Final = ("minmax", "percentile", "least_squares")
"""How the range of an array's bytes is chosen, from what calibration saw of it."""
DEFAULT_OBSERVER: Final = "least_squares"
"""The best of the three on pictures (docs/results.md)."""

MAX_THREADS: Final = 64
"""Of one call into native code."""

DEFAULT_FLOOR: Final = 0.05
"""Share of every layer that a global budget leaves at least: without one it may empty layers."""

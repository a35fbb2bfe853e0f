"""Options of everything that selects blocks: one spelling, one range, one default and one line of help each."""

from __future__ import annotations

import argparse

from ubp_core.cli.options.values import (
    block_columns,
    block_size,
    list_of,
    method,
    packed_block_size,
    sparsity,
    thread_count,
)
from ubp_core.vocabulary import (
    CRITERIA,
    DEFAULT_BLOCK_COLUMNS,
    DEFAULT_BLOCK_SIZE,
    DEFAULT_CRITERION,
    DEFAULT_METHOD,
    DEFAULT_SPARSITY,
    MAX_BLOCK_SIZE,
    METHODS,
    PACKED_BLOCK_SIZES,
)

CHOICE = ("method", "block_size", "block_columns", "sparsity", "criterion")
"""Names of `add_choice_options`, but for jobs, in the parsed arguments."""
GRID = ("methods", "block_size", "block_columns", "sparsity", "criterion")
"""Names of `add_grid_options`, likewise."""


def add_choice_options(parser: argparse._ActionsContainer, packed: bool = False) -> None:
    """How the blocks of a layer are chosen, by what importance, with how many threads.

    Args:
        packed: only block sizes that kernels have.
    """
    add_block_options(parser, packed)
    add_criterion_option(parser)
    add_jobs_option(parser)


def add_block_options(parser: argparse._ActionsContainer, packed: bool = False) -> None:
    """Method, rows and columns of blocks, and sparsity.

    Args:
        packed: only block sizes that kernels have.
    """
    sizes = ", ".join(map(str, PACKED_BLOCK_SIZES)) if packed else f"1 to {MAX_BLOCK_SIZE}"
    parser.add_argument(
        "--method",
        choices=METHODS,
        default=DEFAULT_METHOD,
        help="how blocks are chosen: aligned (abp), unaligned (greedy, bed), the best there are (optimal), or single "
        "weights (default: %(default)s)",
    )
    parser.add_argument(
        "--block-size",
        type=packed_block_size if packed else block_size,
        default=DEFAULT_BLOCK_SIZE,
        metavar="N",
        help=f"rows of a block, {sizes} (default: %(default)s)",
    )
    parser.add_argument(
        "--block-columns",
        type=block_columns,
        default=DEFAULT_BLOCK_COLUMNS,
        metavar="1|4",
        help="columns of a block: one, or a group of four that are alike, for int8 (default: %(default)s)",
    )
    parser.add_argument(
        "--sparsity",
        type=sparsity,
        default=DEFAULT_SPARSITY,
        metavar="S",
        help="share of the weights to prune, 0 <= S < 1 (default: %(default)s)",
    )


def add_grid_options(parser: argparse._ActionsContainer, methods: str, packed: bool = False) -> None:
    """Several ways to choose blocks, set against one another.

    Args:
        methods: what runs where --methods is left out, in words.
        packed: only block sizes that kernels have.
    """
    parser.add_argument("--methods", type=list_of(method), metavar="NAME[,NAME...]", help=f"default: {methods}")
    parser.add_argument(
        "--block-size",
        type=list_of(packed_block_size if packed else block_size),
        default=(DEFAULT_BLOCK_SIZE,),
        metavar="N[,N...]",
        help=f"rows of a block (default: {DEFAULT_BLOCK_SIZE})",
    )
    parser.add_argument(
        "--block-columns",
        type=list_of(block_columns),
        default=(DEFAULT_BLOCK_COLUMNS,),
        metavar="C[,C]",
        help=f"columns of a block, 1, 4 or both: a group of four that are alike (default: {DEFAULT_BLOCK_COLUMNS})",
    )
    parser.add_argument(
        "--sparsity",
        type=list_of(sparsity),
        default=(DEFAULT_SPARSITY,),
        metavar="S[,S...]",
        help=f"share of the weights to prune (default: {DEFAULT_SPARSITY})",
    )
    add_criterion_option(parser)


def add_criterion_option(parser: argparse._ActionsContainer) -> None:
    """--criterion."""
    parser.add_argument(
        "--criterion",
        choices=CRITERIA,
        default=DEFAULT_CRITERION,
        help="importance of a weight: |w| or w**2 (default: %(default)s)",
    )


def add_jobs_option(parser: argparse._ActionsContainer) -> None:
    """--jobs."""
    parser.add_argument(
        "-j",
        "--jobs",
        type=thread_count,
        metavar="N",
        help="threads of the selection on this machine (default: all cores)",
    )

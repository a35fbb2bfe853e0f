"""Errors meant for people, and the exit codes of the commands. Raised anywhere; shown in one place each (cli, app)."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of `ubp` and `ubp-tui`."""

    OK = 0
    FAILED = 1
    """The work was understood and did not succeed (a benchmark failed, a check found a difference)."""
    BAD_INPUT = 2
    """Something that was given can't be used: an option, a model, a file."""
    INTERRUPTED = 130
    """By Ctrl-C, as shells count: 128 + the signal's number."""
    PIPE_CLOSED = 141


class UbpError(Exception):
    """Base of all our errors: `str(error)` is one line that says what is wrong and what to do."""

    exit_code = ExitCode.BAD_INPUT


class UsageError(UbpError):
    """An option that can't be used here; the line names it."""


class ModelError(UbpError):
    """A model, checkpoint or layer that can't be used."""


class FileError(UbpError):
    """A packed file that is refused; the line names the field."""


class PlanError(UbpError):
    """A pruning plan that can't be used; the line names the field, and the line of the file."""


class ExportCancelled(UbpError):
    """An export that was stopped on request."""

    exit_code = ExitCode.FAILED


class BuildError(UbpError):
    """The native library is missing or does not run on this machine."""


class SelectionError(UbpError, ValueError):
    """A selection that can't be made from these arguments; the line names the argument."""


class CandidatesExhausted(SelectionError):
    """`greedy` ran out of non-overlapping candidates before the budget."""

    def __init__(self, found: int, budget: int) -> None:
        super().__init__(
            f"greedy ran out of candidates: placed {found:,} of {budget:,} blocks; use bed or optimal, or more sparsity"
        )
        self.found = found
        self.budget = budget


class PruningError(UbpError, ValueError):
    """Pruning during training that can't be set up or go on; the line names the layer or the argument."""


class ConfigError(UbpError):
    """A configuration file that can't be used; the line names the file and the key."""

"""What goes wrong with a benchmark itself, in one line each."""

from __future__ import annotations

from ubp_core.errors import ExitCode, UbpError


class BenchmarkError(UbpError):
    """A run that could not be made, or whose result can't be used."""

    exit_code = ExitCode.FAILED


class BadSetting(BenchmarkError):
    """A setting that can't be used."""

    exit_code = ExitCode.BAD_INPUT

"""Shared by all tests: the folder of reference code, and skips that are loud here and failures in CI."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent / "core"))

# No test judges time: a busy machine takes many times as long.
settings.register_profile("ubp", deadline=None)
settings.load_profile("ubp")


# Shells start background jobs with Ctrl-C ignored, nohup what it starts with SIGHUP, and children inherit that: tests
# that send one would wait.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def _output_as_it_was() -> Iterator[None]:
    """A command that was run quietly, or as CSV, leaves that to no test behind it."""
    yield
    if output := sys.modules.get("ubp_core.cli.output"):
        output.use_form(output.Form())


def pytest_addoption(parser: pytest.Parser) -> None:
    """Pictures of the app's screens are stored anew on demand."""
    parser.addoption("--update-snapshots", action="store_true", help="store the pictures of the app's screens anew")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Names every skipped test: a missing tool must not go unseen."""
    for report in terminalreporter.stats.get("skipped", []):
        terminalreporter.write_line(f"SKIPPED {report.nodeid}: {report.longrepr[2]}", yellow=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI everything that a test needs can be installed, so a skipped test is a failed run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED

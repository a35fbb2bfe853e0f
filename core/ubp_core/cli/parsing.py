"""The parser of one command: it knows which options were given, and names the nearest one where one is unknown."""

from __future__ import annotations

import argparse
import difflib
import re
import shutil
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NoReturn

from ubp_core.errors import UsageError
from ubp_core.printable import printable

RENAMED = {"--weights": "--state-dict", "--threads": "--jobs", "--device": "--measured-on"}
"""What was once said with a word that means something else: the word for it where a command doesn't have the other."""


class Arguments(argparse.Namespace):
    """Parsed arguments."""

    given: frozenset[str] = frozenset()
    """Names of the arguments that the command line holds."""
    words: Mapping[str, str] = MappingProxyType({})
    """How each argument is written, by its name: --input-size, MODEL."""


class CommandParser(argparse.ArgumentParser):
    """A parser whose result is `Arguments`, and whose help fits the terminal.

    Args:
        description, epilog: paragraphs and lines of their own; what is indented stays so.
    """

    def __init__(self, prog: str, description: str, epilog: str, usage: str | None = None) -> None:
        width = max(shutil.get_terminal_size().columns - 2, 40)
        super().__init__(
            prog=prog,
            usage=usage,
            description=wrap_paragraphs(description, width),
            epilog=wrap_lines(epilog, width),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def parse_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> Arguments:
        """As argparse has it; and once more without defaults, which leaves what was given."""
        found = super().parse_args(args, Arguments() if namespace is None else namespace)
        assert isinstance(found, Arguments)
        actions = [(action, action.default) for action in self._actions]  # argparse has no public list of them
        found.words = {action.dest: spell(action) for action, _ in actions}
        for action, _ in actions:
            action.default = argparse.SUPPRESS
        try:
            found.given = frozenset(vars(super().parse_args(args, argparse.Namespace())))
        finally:
            for action, default in actions:
                action.default = default
        return found

    def error(self, message: str) -> NoReturn:
        """Usage of this command and one line; an unknown option gets its nearest one."""
        message = re.sub(r"\S{80,}", lambda word: f"{word[0][:60]}...", message)
        unknown = re.match("unrecognized arguments: (--[a-z-]+)", message)
        if unknown:
            known = sorted(set(re.findall(r"--[a-z][a-z-]*", self.format_help())))
            near = [RENAMED.get(unknown[1], ""), *difflib.get_close_matches(unknown[1], known, 1)]
            meant = next((word for word in near if word in known), "")
            message += f"; did you mean {meant}?" if meant else f"; {self.prog} --help lists its options"
        super().error(printable(message))


def spell(action: argparse.Action) -> str:
    """How an argument is written: its first long option, or what stands for it in the usage."""
    long = [word for word in action.option_strings if word.startswith("--")]
    return long[0] if long else str(action.metavar or action.dest)


def wrap_paragraphs(text: str, width: int) -> str:
    """A text whose paragraphs, between empty lines, are filled anew; lines that are indented stay lines."""
    paragraphs = text.split("\n\n")
    return "\n\n".join(
        wrap_lines(part, width) if "\n  " in part else textwrap.fill(part, width, break_on_hyphens=False)
        for part in paragraphs
    )


def wrap_lines(text: str, width: int) -> str:
    """A text each of whose lines is folded where it is too long, deeper than it began."""
    lines = text.split("\n")
    return "\n".join(
        line
        if len(line) <= width
        else textwrap.fill(
            line,
            width,
            subsequent_indent=" " * (len(line) - len(line.lstrip()) + 4),
            break_on_hyphens=False,
            break_long_words=False,
        )
        for line in lines
    )


def refuse_given(args: argparse.Namespace, names: Iterable[str], why: str) -> None:
    """Refuses options that would be without effect.

    Args:
        args: of `CommandParser`.
        names: of arguments that don't go here.
        why: what decides instead, in words.

    Raises:
        UsageError: one of them was given.
    """
    for name in names:
        if name in args.given:
            raise UsageError(f"{args.words[name]}: {why}; leave it out")

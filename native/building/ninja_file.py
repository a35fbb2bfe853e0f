"""The ninja file: one compile edge per object, one link edge per output, and the compiler's own libraries first."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from building.compilers import Compilation, compilation, compiler_of, compiler_version, link_flags, zig
from building.places import BUILD, NATIVE, ROOT
from building.targets import Target

FILE: Final = BUILD / "build.ninja"
_CACHE: Final = NATIVE / "building" / "object_cache.py"


def write_ninja_file(targets: Iterable[Target]) -> None:
    """Writes the edges of these targets, and no others."""
    from ninja import ninja_syntax

    BUILD.mkdir(parents=True, exist_ok=True)
    with FILE.open("w", encoding="utf-8") as stream:
        edges = Edges(ninja_syntax.Writer(stream, width=100_000))
        for target in targets:
            edges.add(target)


def object_of(source: Path, how: Compilation) -> Path:
    """Where the object of a source goes."""
    below = NATIVE if source.is_relative_to(NATIVE) else ROOT
    return BUILD / how.flavour / source.relative_to(below).with_suffix(".o")


def compilations_of(target: Target) -> list[tuple[Path, Compilation]]:
    """The sources that a target is made of, each with how it is compiled, in the order in which they are linked."""
    made = ((source, compilation(target, source)) for source in target.all_sources())
    return [(source, how) for source, how in made if how is not None]


def objects_of(target: Target) -> list[Path]:
    """All objects of a target, in that order."""
    return [object_of(source, how) for source, how in compilations_of(target)]


class Edges:
    """Adds targets to a ninja file; objects are shared by all that make them alike."""

    def __init__(self, writer: Any) -> None:
        """Args: the writer of ninja's own module."""
        self._writer = writer
        self._written: set[Path] = set()
        cached = shlex.join([sys.executable, str(_CACHE)])
        writer.variable("builddir", str(BUILD))
        writer.rule("compile", f"{cached} $version $compile -MMD -MF $out.d -c $in -o $out", depfile="$out.d",
                    deps="gcc", description="$what")  # fmt: skip
        writer.rule("link", "$link $in $flags -o $out", description="link $what")

    def add(self, target: Target) -> None:
        """Adds a target with everything that it is made of."""
        first = [self._system_library(target)] if compiler_of(target) == zig(target.platform) else []
        objects = [self._object(source, how) for source, how in compilations_of(target)]
        self._link(target, objects, first)

    def _object(self, source: Path, how: Compilation) -> Path:
        """The object of a source."""
        made = object_of(source, how)
        if made not in self._written:
            variables = {
                "version": shlex.quote(compiler_version(how.command)),
                "compile": shlex.join(how.command),
                "what": f"{how.flavour.split('-')[0]}: {source.name}",
            }
            self._writer.build(str(made), "compile", str(source), variables=variables)
            self._written.add(made)
        return made

    def _system_library(self, target: Target) -> Path:
        """A program of nothing: its link lets zig build its C++ library, while other edges compile our sources."""
        platform = target.platform
        made = BUILD / platform.name / ("nothing" if target.stripped else "nothing_symbols")
        if made not in self._written:
            program = replace(target, output=made, link_flags=platform.program_flags)
            self._link(program, [NATIVE / "building" / "nothing.cpp"], [])
            self._written.add(made)
        return made

    def _link(self, target: Target, inputs: Iterable[Path], first: Iterable[Path]) -> None:
        """The link of a target, after others."""
        variables = {
            "link": shlex.join(compiler_of(target)),
            "flags": shlex.join(link_flags(target)),
            "what": f"{target.platform.name}: {target.output.name}",
        }
        self._writer.build(str(target.output), "link", list(map(str, inputs)), order_only=list(map(str, first)),
                           variables=variables)  # fmt: skip

"""Our ctypes structures against the C headers: a field too few, and the library writes beyond Python's memory."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import pytest
from run_fuzzer import ROOT

from ubp_core.native import convolution, network, selection

STRUCTURES: dict[str, type[ctypes.Structure]] = {
    "layer": convolution.Layer,
    "convolution_options": convolution.Options,
    "convolution_info": convolution.Info,
    "network_options": network.Options,
    "network_shape": network.Shape,
    "network_step": network.Step,
    "network_info": network.Info,
    "selection_options": selection.Options,
    "selection_info": selection.Info,
    "share": selection.Share,
}
HEADERS = "convolution network selection"


def sizes(structure: type[ctypes.Structure]) -> list[int]:
    """Of the whole, then place and size of each field."""
    fields = [getattr(structure, field[0]) for field in structure._fields_]
    return [ctypes.sizeof(structure), *(number for field in fields for number in (field.offset, field.size))]


def say_sizes(name: str, structure: type[ctypes.Structure]) -> str:
    """C that prints the same."""
    texts = [f"sizeof(struct ubp_{name})"]
    for field in structure._fields_:
        texts += [f"offsetof(struct ubp_{name}, {field[0]})", f"sizeof(((struct ubp_{name}*)0)->{field[0]})"]
    return "".join(f'printf("%zu ", {text});' for text in texts) + 'printf("\\n");\n'


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[int]]:
    """What C says of every structure."""
    folder = tmp_path_factory.mktemp("sizes")
    includes = "".join(f'#include "ubp/{name}_c.h"\n' for name in HEADERS.split())
    body = "".join(say_sizes(*item) for item in STRUCTURES.items())
    (folder / "sizes.c").write_text(f"#include <stdio.h>\n{includes}int main(void) {{ {body} return 0; }}\n")
    command = ["gcc", "-std=c11", f"-I{ROOT / 'native' / 'include'}", "-o", str(folder / "sizes")]
    subprocess.run([*command, str(folder / "sizes.c")], check=True)
    lines = subprocess.run([str(folder / "sizes")], capture_output=True, text=True, check=True).stdout.splitlines()
    return {name: [int(number) for number in line.split()] for name, line in zip(STRUCTURES, lines, strict=True)}


@pytest.mark.parametrize("name", STRUCTURES)
def test_python_and_c_agree(told: dict[str, list[int]], name: str) -> None:
    assert sizes(STRUCTURES[name]) == told[name]


def test_every_structure_is_compared() -> None:
    headers = "".join(path.read_text() for path in Path(ROOT, "native", "include", "ubp").glob("*_c.h"))
    named = {line.split()[1] for line in headers.splitlines() if line.startswith("struct ") and line.endswith("{")}
    assert named == {f"ubp_{name}" for name in STRUCTURES}

"""The ARM64 kernels keep everything in registers: no vector register is saved to or loaded from the stack."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "native"))

FUNCTION = re.compile(r"^[0-9a-f]+ <(.*)>:$")
# Whole (q) registers on the stack; d registers there are those that a function must give back as it found them.
STACK_VECTOR = re.compile(r"\t(ld|st)(r|p|1|ur)\b.*\b(q\d+|v\d+\.).*\[sp")


def disassembler() -> str:
    found = next((name for name in ("llvm-objdump-22", "llvm-objdump") if shutil.which(name)), None)
    if not found:
        pytest.skip("llvm-objdump is not installed: the kernels can't be disassembled")
    return found


@pytest.mark.parametrize(
    "kernels",
    [
        "wros/f32_wros_wide",
        "wros/f32_wros_inorder",
        "wros/f16_wros_wide",
        "wros/f16_wros_inorder",
        "integers/i8dot_wros_wide",
        "integers/i8dot_wros_inorder",
    ],
)
def test_no_kernel_spills(kernels: str) -> None:
    from building.places import BUILD
    from building.running import build

    program = disassembler()
    build(["test_convolution_arm64"])
    (object_file,) = BUILD.glob(f"aarch64_kernels-*/src/kernels/{kernels}.o")
    text = subprocess.run(
        [program, "-d", "-C", "--no-show-raw-insn", str(object_file)], capture_output=True, text=True, check=True
    )
    multiplies: dict[str, int] = {}
    spills: dict[str, list[str]] = {}
    name = ""
    for line in text.stdout.splitlines():
        if match := FUNCTION.match(line):
            name = match.group(1)
        elif "fmla" in line or "sdot" in line:
            multiplies[name] = multiplies.get(name, 0) + 1
        elif STACK_VECTOR.search(line):
            spills.setdefault(name, []).append(line.strip())
    assert len(multiplies) > 100, "too few kernels were found in the disassembly"
    assert not spills

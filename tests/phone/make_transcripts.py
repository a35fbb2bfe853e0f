"""Writes docs/transcripts/*.txt: `ubp bench` on this machine, in the emulator and on test phones, as a user sees it.

Run `make transcripts`. Commands are really run, against an adb server and a history of their own; nothing is edited but
the colours, which are left out.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from phone.adb_server import AdbServer
from phone.model import PhoneModel
from phone.phone import Phone

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "docs" / "transcripts"
LAYERS = "_blocks.4._expand_conv,_blocks.10._project_conv,_blocks.14._project_conv"
BENCH = ["bench", "efficientnet_lite0", "--layers", LAYERS]
LIMIT_S = 900
TEST_PHONE = "A test phone (docs/devices.md) runs ARM64 programs under qemu-user: its times mean nothing."
HEADS = {
    "host": "ubp bench on this machine.",
    "emulator": "ubp bench in the emulator: results checked, instructions counted.",
    "test_phone": TEST_PHONE,
    "two_phones": f"Two phones at once; one of them is full. {TEST_PHONE}",
}
"""First line of each transcript."""


class Shell:
    """Runs `ubp` and writes down what it says."""

    def __init__(self, server: AdbServer, history: Path) -> None:
        self.environment = {**os.environ, **server.environment, "HOME": os.environ["HOME"], "UBP_HISTORY": str(history)}
        self.environment |= {"PYTHONPATH": f"{ROOT / 'core'}", "PYTHONUNBUFFERED": "1"}
        self.text = ""

    def __call__(self, *arguments: str) -> None:
        """Runs one command; its messages and its output follow each other as they come."""
        done = subprocess.run([sys.executable, "-m", "ubp_core.cli.main", *arguments], env=self.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S)  # fmt: skip
        lines = "\n".join(line.rstrip() for line in done.stdout.splitlines())
        self.text += f"$ ubp {' '.join(arguments)}\n{lines}\n"
        if done.returncode:
            self.text += f"(exit code {done.returncode})\n"
        self.text += "\n"

    def write(self, name: str) -> None:
        """Writes the transcript and begins another."""
        TARGET.mkdir(exist_ok=True)
        head = f"# {HEADS[name]}\n# Recorded by `make transcripts` on a busy machine of two cores.\n\n"
        (TARGET / f"{name}.txt").write_text(head + self.text.rstrip("\n") + "\n", encoding="utf-8")
        print(f"docs/transcripts/{name}.txt")
        self.text = ""


def main() -> None:
    """Writes all of them."""
    with ExitStack() as stack:
        server = stack.enter_context(AdbServer())
        shell = Shell(server, Path(stack.enter_context(tempfile.TemporaryDirectory())) / "history.sqlite")
        shell(*BENCH, "--device", "host")
        shell.write("host")
        shell(*BENCH, "--device", "emulator")
        shell.write("emulator")
        phone = stack.enter_context(Phone(PhoneModel()))
        shell("devices", "connect", phone.address)
        shell("devices", "list", "--facts")
        shell(*BENCH, "--device", "adb", "--cool-down", "1")
        shell("history")
        shell("devices", "clean")
        shell.write("test_phone")
        full = stack.enter_context(Phone(PhoneModel(model="Full Phone", data_bytes=2 << 20)))
        shell("devices", "connect", full.address)
        layer = [*BENCH[:-1], LAYERS.split(",", maxsplit=1)[0]]
        shell(*layer, "--device", f"adb:{phone.serial},adb:{full.serial}", "--runs", "20")
        shell.write("two_phones")


if __name__ == "__main__":
    main()

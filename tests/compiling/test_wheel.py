"""The wheels: one per desk, each with what it should hold; this machine's is installed and works far from any clone."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from terminal import Terminal

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "native"))

from building.platforms import DESKS, HOST, desk_of  # noqa: E402
from building.targets import targets_of_wheel  # noqa: E402

LARGEST = 10_000_000


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """All five, by the name of the desk, as `make wheels` builds them; with no compiler but pip's on the PATH."""
    folder, empty = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("bin")
    environment = {name: value for name, value in os.environ.items() if name not in ("CC", "CXX", "UBP_CXX")}
    command = [sys.executable, ROOT / "setup" / "wheels.py", "--folder", folder]
    done = subprocess.run(command, env={**environment, "PATH": str(empty)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    found = {desk.name: list(folder.glob(f"ubp_tui-*-py3-none-{desk.wheel_tag}.whl")) for desk in DESKS}
    assert all(len(paths) == 1 for paths in found.values()) and len(list(folder.iterdir())) == len(DESKS)
    return {name: paths[0] for name, paths in found.items()}


@pytest.mark.parametrize("desk", [desk.name for desk in DESKS])
class TestEveryWheel:
    def test_holds_the_package_and_the_programs_of_its_desk(self, desk: str, wheels: dict[str, Path]) -> None:
        with zipfile.ZipFile(wheels[desk]) as archive:
            names = archive.namelist()
            records = archive.read(next(name for name in names if name.endswith("/WHEEL"))).decode()
        wanted = {target.output.name for target in targets_of_wheel(desk_of(desk))} | {"commit.txt"}
        assert {Path(name).name for name in names if name.startswith("ubp_core/_lib/")} == wanted
        assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"ubp_core", "ubp_tui"}
        assert any(name.startswith("ubp_tui/styles/") and name.endswith(".tcss") for name in names)
        assert "ubp_core/py.typed" in names and "ubp_tui/py.typed" in names
        assert f"Tag: py3-none-{desk_of(desk).wheel_tag}\n" in records and "Root-Is-Purelib: false\n" in records

    def test_is_small_and_well_formed(self, desk: str, wheels: dict[str, Path]) -> None:
        assert wheels[desk].stat().st_size <= LARGEST
        command = [sys.executable, "-m", "check_wheel_contents", "--toplevel", "ubp_core,ubp_tui", wheels[desk]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("desk", [desk.name for desk in DESKS if desk.is_elf])
def test_auditwheel_agrees_with_the_tag(desk: str, wheels: dict[str, Path]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "auditwheel", "show", wheels[desk]], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    found = re.search(r'consistent with the following platform tag: "manylinux_2_(\d+)_(\w+)"', said)
    assert found, said
    assert int(found[1]) <= 28 and found[2] == desk_of(desk).machine


class Installed:
    """An environment with a wheel in it; what the wheel depends on comes from the tests' own."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        """Args: where to make it; the wheel."""
        venv.create(folder, with_pip=False)
        self._bin = folder / ("Scripts" if sys.platform == "win32" else "bin")
        python = self._bin / "python"
        pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", str(wheel)]
        subprocess.run(pip, check=True)
        ask = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
        packages = Path(subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip())
        # A line of a path file is a folder whose own path files, with the clone that is installed there, are not read.
        (packages / "tests.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
        self.far = folder / "far"
        self.far.mkdir()
        self.variables = {"PYTHONPATH": "", "UBP_BUILD": "", "UBP_HOME": str(self.far / "home"), "HOME": str(self.far)}

    def path_of(self, program: str) -> Path:
        """One of its programs."""
        return self._bin / program

    def run(self, *words: str | Path, code: int = 0) -> str:
        """A command, in a folder far from the clone, with nothing on the PATH."""
        command = [str(self.path_of(str(words[0]))), *map(str, words[1:])]
        environment = {**os.environ, **self.variables, "PATH": str(self._bin)}
        done = subprocess.run(command, cwd=self.far, env=environment, capture_output=True, text=True)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installed(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("environment"), wheels[HOST.name])


MODEL = ("mobilenet_v1", "--weights", "random", "--width", "0.25")


def test_an_installed_wheel_says_that_it_is_one(installed: Installed) -> None:
    said = installed.run("ubp", "--version")
    assert "wheel" in said and str(ROOT) not in said
    assert str(installed.far.parent) in said.replace("~", str(installed.far))


def test_an_installed_wheel_exports_and_measures(installed: Installed) -> None:
    installed.run("ubp", "export", *MODEL, "-o", "net.ubp")
    assert (installed.far / "net.ubp").stat().st_size > 10_000
    said = json.loads(installed.run("ubp", "bench", *MODEL, "--layers", "blocks.5.pointwise", "--device", "host",
                                    "--runs", "3", "--warmup", "0", "--no-history", "--json"))  # fmt: skip
    assert said


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_an_installed_app_draws_a_map(installed: Installed) -> None:
    terminal = Terminal(installed.far, installed.variables)
    try:
        terminal.type(f"clear; {installed.path_of('ubp-tui')} --no-session {' '.join(MODEL)}; echo code=$?")
        terminal.wait_for("% of |w|")
        terminal.tmux("send-keys", "q")
        terminal.wait_for("code=0")
    finally:
        terminal.close()

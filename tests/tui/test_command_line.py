"""`ubp-tui` as a command: arguments, exit codes, and what is imported when."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ubp_core import __version__
from ubp_tui.main import build_parser, main


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command without a terminal."""
    return subprocess.run([sys.executable, "-m", "ubp_tui", *arguments], capture_output=True, text=True, timeout=60)


def test_help_names_every_option_and_imports_neither_textual_nor_torch() -> None:
    code = (
        "import sys\nfrom ubp_tui.main import main\n"
        "try: main(['--help'])\nexcept SystemExit as end: assert end.code == 0\n"
        "print(sorted({'textual', 'torch', 'torchvision', 'plotext'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stderr.strip() == "[]"
    for option in (
        "--weights",
        "--arch",
        "--width",
        "--input-size",
        "--seed",
        "--block-size",
        "--sparsity",
        "--method",
        "--dtype",
        "--session",
        "--no-session",
    ):
        assert option in done.stdout
    assert "efficientnet_lite0" in done.stdout


def test_version() -> None:
    done = run("--version")
    assert done.returncode == 0 and done.stdout.splitlines()[0] == f"ubp-tui {__version__}"
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == ["commit", "platform", "library", "installed"]


def test_defaults_and_options() -> None:
    options = build_parser().parse_args([])
    assert (options.model, options.weights, options.method) == (None, "default", "optimal")
    assert (options.block_size, options.sparsity, options.width, options.seed, options.input_size) == (
        4,
        0.75,
        1.0,
        0,
        224,
    )
    options = build_parser().parse_args(["net.pt", "--arch", "resnet18", "--block-size", "3", "--sparsity", "0.9"])
    assert (options.model, options.arch, options.block_size, options.sparsity) == ("net.pt", "resnet18", 3, 0.9)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--block-size", "0"],
        ["--block-size", "33"],
        ["--block-size", "4.5"],
        ["--sparsity", "1"],
        ["--sparsity", "-0.1"],
        ["--sparsity", "nan"],
        ["--sparsity", "much"],
        ["--method", "magic"],
        ["a", "b"],
    ],
)
def test_bad_options_end_with_2_and_a_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert "error:" in captured.err and not captured.out


def test_without_a_terminal_it_says_what_to_use_instead() -> None:
    done = run()
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.strip().startswith("ubp-tui: this is not a terminal; `ubp layers`")
    assert len(done.stderr.strip().splitlines()) == 1

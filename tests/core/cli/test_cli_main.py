"""The command itself: start-up, help, exit codes, Ctrl-C, closed pipes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import ubp_core
from ubp_core.cli.main import ACTIONS, COMMANDS, main
from ubp_core.errors import ExitCode

WORDS = (*COMMANDS, *ACTIONS)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([*words.split(), "--help"] for words in WORDS)])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom ubp_core.cli.main import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit as end: assert end.code == 0\n"
        "heavy = {'torch', 'torchvision', 'numpy', 'rich', 'safetensors', 'textual'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert done.stdout


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(name in text and summary in text for name, (_, summary) in COMMANDS.items())
    assert "examples:" in text and "exit codes:" in text and "efficientnet_lite0" in text
    for name in WORDS:
        assert main([*name.split(), "--help"]) == 0
        text = capsys.readouterr().out
        assert f"  ubp {name.removesuffix(' list')}" in text and f"usage: ubp {name} " in text
        assert all(f"ubp {action}" in text for action in ACTIONS if action.split()[0] == name)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == f"ubp {ubp_core.__version__}"
    assert [line.split()[0] for line in rest] == ["commit", "platform", "library", "installed"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "usage: ubp"),
        (["xyz"], "'xyz' is no command; see ubp --help"),
        (["layer"], "'layer' is no command; did you mean layers?"),
        (["layers", "resnet5"], "did you mean resnet50"),
        (["layers", ""], "ubp: error: unknown model ''"),
        (["layers", "absent.pth"], "ubp: error: absent.pth: no such file"),
        (["layers", "mobilenet_v1", "--width", "x"], "--width"),
        (["layers", "mobilenet_v1", "--width", "-1"], "ubp: error: width: need more than 0"),
        (["layers", "--all", "--prunable"], "not allowed with"),
        (["select", "mobilenet_v1"], "--layer"),
        (["select", "mobilenet_v1", "--layer", "nope"], "ubp: error: mobilenet_v1 has no layer 'nope'"),
        (["select", "mobilenet_v1", "--layer", "x", "--block-size", "33"], "need 1 to 32, got 33"),
        (["select", "mobilenet_v1", "--layer", "x", "--sparsity", "1"], "need 0 <= s < 1, got 1"),
        (
            ["select", "mobilenet_v1", "--layer", "x", "--sparsity", "nan"],
            "need a share such as 0.75 or 75%, got 'nan'",
        ),
        (["select", "mobilenet_v1", "--layer", "x", "--method", "best"], "invalid choice: 'best'"),
        (["select", "mobilenet_v1", "--layer", "x", "--jobs", "0"], "need 1 to 64, got 0"),
        (["select", "mobilenet_v1", "--layer", "x", "-o", "blocks.txt"], "ends in .npz"),
        (["compare", "mobilenet_v1", "--methods", "bed,best"], "'best' is unknown, choose from abp"),
        (["compare", "mobilenet_v1", "--block-size", "4,"], "--block-size"),
        (["compare", "--jsn"], "usage: ubp compare"),
        (["compare", "--jsn"], "unrecognized arguments: --jsn; did you mean --json?"),
        (["plan", "show", "p.yaml", "-o", "q.yaml"], "usage: ubp plan show"),
        (["plan", "diff", "a", "b"], "unrecognized arguments: a b"),
        (["history", "export", "--svg"], "unrecognized arguments: --svg; did you mean --csv?"),
    ],
)
def test_bad_input_is_code_2_and_stderr_only(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err and captured.out == "" and "Traceback" not in captured.err


def test_hostile_file_is_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "evil.pt"
    path.write_bytes(f"cposix\nmkdir\n(S'{tmp_path / 'proof'}'\ntR.".encode())
    assert main(["layers", str(path)]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and captured.err.startswith(f"ubp: error: {path}: refused")
    assert not (tmp_path / "proof").exists()


def test_interrupt_is_quiet() -> None:
    code = (
        "import signal, sys\nfrom ubp_core.cli import layers\nfrom ubp_core.cli.main import main\n"
        "layers.load_model_from = lambda args: signal.raise_signal(signal.SIGINT)\n"
        "sys.exit(main(['layers']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (ExitCode.INTERRUPTED, "", "")


@pytest.mark.parametrize("json", [[], ["--json"]])
def test_closed_pipe_is_quiet(json: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "ubp_core.cli.main", "layers", "mobilenet_v1", *json],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (ExitCode.PIPE_CLOSED, b"")

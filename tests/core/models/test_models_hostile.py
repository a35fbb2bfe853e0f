"""Broken and hostile checkpoints: one line that begins with the file's name, nothing executed, nothing else printed."""

from __future__ import annotations

import json
import os
import pickle
import random
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from ubp_core.errors import ModelError
from ubp_core.models import load_model

State = dict[str, torch.Tensor]


def refusal(path: Path, **options: Any) -> str:
    """What `load_model` says of a file that it must refuse."""
    with pytest.raises(ModelError) as caught:
        load_model(str(path), **options)
    line = str(caught.value)
    assert line.startswith(str(path)) and line.isprintable() and len(line) < 400 + len(str(path))
    return line


class Evil:
    """Creates a file when it is unpickled by anything careless."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (str(self.proof),)


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".ckpt", ".bin"])
@pytest.mark.parametrize("writer", ["pickle", "torch", "torch without zip", "beside weights"])
def test_pickled_code_is_never_run(suffix: str, writer: str, tmp_path: Path, state: State) -> None:
    path, proof = tmp_path / f"evil{suffix}", tmp_path / "proof"
    evil = Evil(proof)
    if writer == "pickle":
        path.write_bytes(pickle.dumps(evil))
    elif writer == "beside weights":
        torch.save({"state_dict": state, "callbacks": evil}, path)
    else:
        torch.save(evil, path, _use_new_zipfile_serialization=writer == "torch")
    line = refusal(path)
    assert "refused" in line and not proof.exists()
    if writer != "pickle":
        assert "mkdir" in line and "state_dict()" in line
        torch.load(path, weights_only=False)  # the trap itself works
        assert proof.exists()


def test_whole_model_names_its_class(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save(nn.Conv2d(3, 3, 1), path)
    assert "asks for torch.nn.modules.conv.Conv2d" in refusal(path)


def test_torchscript(tmp_path: Path) -> None:
    path = tmp_path / "script.pt"
    with pytest.warns((DeprecationWarning, FutureWarning)):  # torch 2.10, later ones
        torch.jit.save(torch.jit.script(nn.Conv2d(3, 3, 1)), path)
    assert "TorchScript" in refusal(path)


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize(
    "content", [b"\0", b"PK\x03\x04", b"\x80\x02", b"\x80\x04.", b"hello, world\n" * 50, bytes(range(256)) * 8]
)
def test_garbage(suffix: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"garbage{suffix}"
    path.write_bytes(content)
    refusal(path)


def test_things_that_are_no_files(tmp_path: Path) -> None:
    folder = tmp_path / "folder.pt"
    folder.mkdir()
    assert "is a folder" in refusal(folder)
    empty = tmp_path / "empty.safetensors"
    empty.touch()
    assert "is empty" in refusal(empty)
    pipe = tmp_path / "pipe.pt"
    os.mkfifo(pipe)
    assert "not a regular file" in refusal(pipe)
    assert "no such file" in refusal(tmp_path / "absent.pt")
    link = tmp_path / "link.pt"
    link.symlink_to(link)
    refusal(link)
    other = tmp_path / "network.onnx"
    other.write_bytes(b"x")
    assert "unknown kind of file '.onnx'" in refusal(other)
    refusal(tmp_path / ("x" * 300 + ".pt"))


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.9, 0.999])
def test_truncated(zipped: bool, share: float, tmp_path: Path, state: State) -> None:
    path = tmp_path / "cut.pth"
    torch.save(state, path, _use_new_zipfile_serialization=zipped)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert "broken" in refusal(path)


def test_truncated_safetensors(tmp_path: Path, state: State) -> None:
    path = tmp_path / "cut.safetensors"
    save_file(state, path)
    whole = path.read_bytes()
    for length in (1, 7, 8, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert "not a valid safetensors file" in refusal(path)


def safetensors_bytes(header: Any, data: bytes = b"", length: int | None = None) -> bytes:
    """A file with any header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


@pytest.mark.parametrize(
    "content",
    [
        safetensors_bytes(b"{", length=2**63),
        safetensors_bytes(b"{", length=10**12),
        safetensors_bytes(b"[]"),
        safetensors_bytes(b"\xff\xfe"),
        safetensors_bytes({"a": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 4]}}, b"\0" * 4),
        safetensors_bytes({"a": {"dtype": "F32", "shape": [2**30], "data_offsets": [0, 2**32]}}, b"\0" * 4),
        safetensors_bytes({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}}, b"\0" * 4),
        safetensors_bytes({"a": {"dtype": "Q9", "shape": [1], "data_offsets": [0, 4]}}, b"\0" * 4),
        safetensors_bytes({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, b"\0" * 4),
    ],
)
def test_bad_safetensors_headers(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(content)
    assert "not a valid safetensors file" in refusal(path)


@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        7,
        "text",
        None,
        torch.zeros(3, 3),
        {"state_dict": {}},
        {"epoch": 3},
        {1: torch.zeros(3, 3)},
        {"a": {"b": {"c": {"d": {"e": torch.zeros(2, 2)}}}}},
        {"norm.weight": torch.ones(4)},
        {"steps": torch.ones(2, 2, dtype=torch.int64)},
        {"w": torch.zeros(0, 4)},
        {"w": torch.eye(2).to_sparse()},
        {"w": torch.zeros(2, 2, dtype=torch.complex64)},
    ],
)
def test_files_without_weights(content: Any, tmp_path: Path) -> None:
    path = tmp_path / "nothing.pt"
    torch.save(content, path)
    line = refusal(path)
    assert "no tensors by name" in line or "no 2-D or 4-D" in line


def test_recursive_content(tmp_path: Path) -> None:
    content: dict[str, Any] = {}
    content["state_dict"] = content
    path = tmp_path / "loop.pt"
    torch.save(content, path)
    assert "no tensors by name" in refusal(path)


def test_tensor_that_claims_more_than_the_file_holds(tmp_path: Path) -> None:
    path = tmp_path / "huge.pt"
    torch.save({"w": torch.zeros(1).expand(2**20, 2**20)}, path)
    assert "tensor w claims 1,099,511,627,776 values in 4 bytes" in refusal(path)


def test_tensor_without_data(tmp_path: Path) -> None:
    path = tmp_path / "meta.pt"
    torch.save({"w": torch.zeros(4, 4, device="meta")}, path)
    assert "tensor w has no data" in refusal(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("arch", [None, "mobilenet_v1"])
def test_nonfinite_weights_name_the_tensor(value: float, arch: str | None, tmp_path: Path, state: State) -> None:
    path = tmp_path / "diverged.pth"
    state["blocks.3.pointwise.weight"][5, 2] = value
    torch.save(state, path)
    line = refusal(path, arch=arch, width=0.25 if arch else 1.0)
    assert "tensor blocks.3.pointwise.weight holds NaN or infinity" in line


def test_huge_finite_weights_are_welcome(tmp_path: Path) -> None:
    path = tmp_path / "huge.pt"
    torch.save({"w": torch.full((4, 4), 3e38)}, path)
    assert load_model(str(path)).layers[0].weight.max() == torch.tensor(3e38).item()


def test_beyond_float32(tmp_path: Path) -> None:
    path = tmp_path / "double.pt"
    torch.save({"w": torch.full((4, 4), 1e300, dtype=torch.float64)}, path)
    assert "tensor w holds numbers beyond float32" in refusal(path)


def test_architecture_that_doesnt_fit(tmp_path: Path, state: State) -> None:
    path = tmp_path / "file.pth"

    def told(changed: State) -> str:
        torch.save(changed, path)
        return refusal(path, arch="mobilenet_v1", width=0.25).removeprefix(str(path))

    missing = {k: v for k, v in state.items() if k not in ("blocks.0.pointwise.weight", "classifier.bias")}
    assert told(missing) == " does not fit mobilenet_v1 (2 problems, the first): blocks.0.pointwise.weight is missing"
    shaped = state | {"stem.conv.weight": torch.zeros(8, 1, 3, 3)}
    assert told(shaped) == (
        " does not fit mobilenet_v1 (1 problem): stem.conv.weight has shape 8x1x3x3, expected 8x3x3x3"
    )
    surplus = state | {"blocks.13.pointwise.weight": torch.zeros(8, 8)}
    assert told(surplus) == " does not fit mobilenet_v1 (1 problem): blocks.13.pointwise.weight is not in the network"
    both = {k: v for k, v in shaped.items() if k != "classifier.bias"}
    assert "(2 problems, the first): stem.conv.weight has shape" in told(both)
    assert "problems" in refusal(path, arch="resnet18")
    assert "(1" in refusal(path, arch="mobilenet_v1") or "problems" in refusal(path, arch="mobilenet_v1")


def test_options_that_contradict_a_file(checkpoint: Path) -> None:
    for weights in ("random", str(checkpoint)):
        with pytest.raises(ModelError, match="brings its own weights"):
            load_model(str(checkpoint), weights=weights)
    with pytest.raises(ModelError, match="unknown model 'resnet5'"):
        load_model(str(checkpoint), arch="resnet5")


def test_names_with_terminal_codes_are_made_harmless(tmp_path: Path) -> None:
    path = tmp_path / "names.pt"
    torch.save({"\x1b[31mred\n.weight": torch.ones(2, 2), "fine.weight": torch.ones(2, 2)}, path)
    assert [layer.name for layer in load_model(str(path)).layers] == ["?[31mred?", "fine"]
    torch.save({"\x1b]0;title\x07": torch.full((2, 2), float("nan"))}, path)
    refusal(path)


def test_hostile_metadata(tmp_path: Path, state: State) -> None:
    from collections import OrderedDict

    for metadata in ({"": 7}, {"stem": {"version": "x"}}, {"": {"version": None}}):
        content = OrderedDict(state)
        content._metadata = metadata  # type: ignore[attr-defined]
        path = tmp_path / "file.pth"
        torch.save(content, path)
        try:
            assert len(load_model(str(path), arch="mobilenet_v1", width=0.25).layers) == 28
        except ModelError as error:
            assert "does not fit" in str(error)


def test_damaged_zip_members(checkpoint: Path, tmp_path: Path) -> None:
    """The pickle inside replaced, a storage shortened, a member missing."""
    with zipfile.ZipFile(checkpoint) as source:
        members = {name: source.read(name) for name in source.namelist()}
    pickled = next(name for name in members if name.endswith("data.pkl"))
    storage = next(name for name in members if "/data/" in name and len(members[name]) > 1000)
    damages = (
        {pickled: b"\x80\x02garbage"},
        {pickled: b""},
        {storage: members[storage][:10]},
        {storage: None},
        {pickled: None},
    )
    for damage in damages:
        path = tmp_path / "damaged.pth"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as target:
            for name, content in {**members, **damage}.items():
                if content is not None:
                    target.writestr(name, content)
        refusal(path)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_flipped_bytes_load_or_are_refused(suffix: str, tmp_path: Path) -> None:
    """Damage anywhere either leaves a readable file or is refused; nothing else is ever raised."""
    path = tmp_path / f"file{suffix}"
    tensors = {"a.weight": torch.randn(4, 3, 3, 3), "b.weight": torch.randn(4, 4), "b.bias": torch.randn(4)}
    if suffix == ".pth":
        torch.save({"state_dict": tensors}, path)
    else:
        save_file(tensors, path)
    whole = path.read_bytes()
    seed = 20240719
    generator = random.Random(seed)
    refused = 0
    for _ in range(400):
        damaged = bytearray(whole)
        for _ in range(generator.choice((1, 1, 2, 8))):
            damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        path.write_bytes(damaged)
        try:
            load_model(str(path))
        except ModelError as error:
            assert str(error).startswith(str(path)), seed
            refused += 1
    assert refused > 20


def test_nothing_is_spilled_on_stderr(tmp_path: Path, state: State) -> None:
    """In a fresh process, where torch still has all its warnings to give."""
    good, old = tmp_path / "good.pt", tmp_path / "old.pt"
    torch.save(state, good)
    torch.save(state, old, _use_new_zipfile_serialization=False)
    bad = tmp_path / "bad.pt"
    torch.save(nn.Conv2d(3, 3, 1), bad, _use_new_zipfile_serialization=False)
    code = (
        "import sys\nfrom ubp_core.errors import ModelError\nfrom ubp_core.models import load_model\n"
        "for path in sys.argv[1:]:\n  try: load_model(path)\n  except ModelError: print('refused')\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", code, str(good), str(old), str(bad)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("refused\n", "")

"""`ubp show` of a file of int8: types and blocks in its table, scales on request, and all of it in JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from integer_samples import integer_layer_bytes, integer_network
from packed_samples import network_bytes
from ubp_core.cli.main import main


@pytest.fixture
def network(tmp_path: Path) -> Path:
    integer_network().save(tmp_path / "network.ubp")
    return tmp_path / "network.ubp"


@pytest.fixture
def layers(tmp_path: Path) -> Path:
    (tmp_path / "layers.ubp").write_bytes(integer_layer_bytes())
    return tmp_path / "layers.ubp"


def shown(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    assert main(["show", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def test_types_and_blocks(network: Path, layers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = shown(capsys, network)
    for words in ("convert to int8", "convert to fp16", "1x4 unaligned, bed, int8", "4x2 unaligned, bed, int8"):
        assert words in table
    assert "linear, makes fp32, relu6" in table and "zero" not in table
    assert "4x2 aligned, bed, int8" in shown(capsys, layers)


def test_scales_on_request(network: Path, layers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = integer_network().graph
    assert graph is not None
    lines = [line.split() for line in shown(capsys, network, "--scales").splitlines()]
    conv, add = graph.tensors[2], graph.nodes[3]
    assert ["1", "conv", "6x6x6", f"{conv.scale:.4g}", str(conv.zero_point)] in lines
    before = ["add,", "before", "its", "activation", "6x6x6", f"{add.before_scale:.4g}", str(add.before_zero_point)]
    assert ["3", *before] in lines
    scales = integer_network().layers[0].scales
    assert ["conv", "6", f"{scales.min():.4g}", f"{scales.max():.4g}"] in lines
    assert "stem.0" in shown(capsys, layers, "--scales").split("layer of int8")[1]


def test_nothing_has_a_scale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "fp32.ubp").write_bytes(network_bytes())
    assert "nothing in the file is int8" in shown(capsys, tmp_path / "fp32.ubp", "--scales")


def test_json_has_everything(network: Path, layers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packed = integer_network()
    graph = packed.graph
    assert graph is not None
    record: dict[str, Any] = json.loads(shown(capsys, network, "--json"))
    tensors = record["network"]["tensors"]
    assert [one["dtype"] for one in tensors] == [tensor.dtype for tensor in graph.tensors]
    assert (tensors[0]["scale"], tensors[0]["zero_point"]) == (None, None)
    assert (tensors[2]["scale"], tensors[2]["zero_point"]) == (graph.tensors[2].scale, graph.tensors[2].zero_point)
    nodes = record["network"]["nodes"]
    assert nodes[3]["table"] == {
        "scale": graph.nodes[3].before_scale,
        "zero_point": graph.nodes[3].before_zero_point,
        "bytes": list(graph.nodes[3].table or b""),
    }
    assert nodes[5]["table"]["scale"] is None and len(nodes[5]["table"]["bytes"]) == 256
    assert nodes[4]["table"] is None
    head = record["layers"][3]
    assert (head["dtype"], head["accumulate"], head["block_columns"]) == ("int8", "int32", 4)
    assert head["scales"] == packed.layers[3].scales.tolist()
    assert head["column_order"] == packed.layers[3].column_order.tolist()
    assert record["layers"][2]["scales"] is None
    alone = json.loads(shown(capsys, layers, "--json"))["layers"]
    assert [layer["block_columns"] for layer in alone] == [1, 4, 1, 1, 4, 1]

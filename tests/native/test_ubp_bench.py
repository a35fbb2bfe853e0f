"""ubp_bench for real, here and as an ARM64 program under qemu: results, formats, refusals. No test judges a time."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import os
import re
import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench_program import Bench

from bad_files import BAD_FILES
from packed_samples import file_bytes, random_layer
from ubp_core.network.types.half import to_half
from ubp_core.packed.file import PackedFile
from ubp_core.packed.layer import PackedLayer
from ubp_core.packed.packing import pack_dense

DOCUMENT = (Path(__file__).parents[2] / "docs" / "ubp_bench.md").read_text()
QUICK = ("--runs", "3", "--warmup", "1")


@pytest.fixture(scope="module", params=["bench-host", "bench-arm64"])
def bench(request: pytest.FixtureRequest) -> Bench:
    return Bench(request.param)


@pytest.fixture(scope="module")
def host() -> Bench:
    return Bench("bench-host")


def layers(aligned: bool) -> tuple[PackedLayer, ...]:
    """A 1x1, a strided and dilated 3x2, and a linear layer; sizes that divide by nothing."""
    rng = np.random.default_rng(1)
    conv = random_layer(rng, (37, 5, 3, 2), 4, 0.3, aligned, name="conv")
    return (
        replace(random_layer(rng, (45, 19, 1, 1), 4, 0.25, aligned, name="pointwise"), image_hw=(13, 7)),
        replace(conv, stride=(2, 1), padding=(1, 2), dilation=(1, 2), image_hw=(9, 17), activation="hard_swish"),
        replace(random_layer(rng, (21, 30), 4, 0.5, aligned, name="linear"), image_hw=(1, 1), activation="relu6"),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files")
    PackedFile(layers(aligned=False), "a model", "drawn by a test").save(path / "ubp.ubp")
    PackedFile(layers(aligned=True), "a model", "drawn by a test").save(path / "abp.ubp")
    dense = (
        replace(pack_dense(layer.unpack(), layer.bias, name=layer.name), image_hw=layer.image_hw)
        for layer in layers(aligned=False)
    )
    PackedFile(tuple(dense)).save(path / "dense.ubp")
    return path


def test_every_kernel_gives_the_right_output(bench: Bench, folder: Path) -> None:
    grid = ["--kernel", "auto,ubp,dense,measured", "--threads", "1,3", "--batch", "2", "--check"]
    rows = bench.rows(folder / "ubp.ubp", *grid, *QUICK)
    rows += bench.rows(folder / "abp.ubp", "--kernel", "auto,ubp,abp,dense", "--check", *QUICK)
    rows += bench.rows(folder / "dense.ubp", "--check", *QUICK)
    assert len(rows) == 3 * 4 * 2 + 3 * 4 + 3
    for row in rows:
        assert row["check"] == "ok" and row["check_error"] < 1e-5
        ran = {"auto": {"ubp": "ubp", "abp": "abp", "dense": "dense"}[Path(row["file"]).stem]}
        assert row["kernel"] == ran.get(row["kernel_asked"], row["kernel_asked"]) or row["kernel_asked"] == "measured"


@pytest.mark.parametrize("block_size", [0, 1, 2, 4, 8, 16])
def test_block_sizes(bench: Bench, tmp_path: Path, block_size: int) -> None:
    layer = random_layer(np.random.default_rng(block_size), (50, 33, 1, 1), block_size)
    layer.save(tmp_path / "layer.ubp")
    (row,) = bench.rows(tmp_path / "layer.ubp", "--input", "11x5", "--check", *QUICK)
    assert row["check"] == "ok" and row["block_size"] == block_size and row["blocks"] == layer.block_count
    assert row["packed_bytes"] == layer.nbytes
    assert row["sparsity"] == pytest.approx(layer.achieved_sparsity)


def test_a_layer_without_blocks(bench: Bench, tmp_path: Path) -> None:
    random_layer(np.random.default_rng(0), (5, 9), 8, density=0).save(tmp_path / "layer.ubp")
    (row,) = bench.rows(tmp_path / "layer.ubp", "--input", "3x3", "--check", *QUICK)
    assert row["check"] == "ok" and row["multiply_adds"] == 0 and row["gflops"] == 0


def test_figures_follow_from_the_samples(bench: Bench, folder: Path) -> None:
    for row in bench.rows(folder / "ubp.ubp", "--runs", "11", "--warmup", "2"):
        samples = row["samples_ns"]
        assert len(samples) == row["runs"] == 11 and row["warmup_runs"] == 2
        assert all(isinstance(sample, int) and sample > 0 for sample in samples)
        assert row["min_ns"] == min(samples)
        assert row["median_ns"] == pytest.approx(statistics.median(samples))
        assert row["p90_ns"] == sorted(samples)[math.ceil(0.9 * 11) - 1]
        assert row["mean_ns"] == pytest.approx(statistics.mean(samples))
        assert row["deviation_ns"] == pytest.approx(statistics.stdev(samples))
        assert row["gflops"] == pytest.approx(2 * row["multiply_adds"] / row["median_ns"])
        assert row["dense_equivalent_gflops"] == pytest.approx(2 * row["dense_multiply_adds"] / row["median_ns"])


def test_work_and_shapes(bench: Bench, folder: Path) -> None:
    one, conv, linear = bench.rows(folder / "ubp.ubp", "--batch", "2", *QUICK)
    assert (one["input_shape"], one["output_shape"]) == ("2x19x13x7", "2x45x13x7")
    assert (conv["input_shape"], conv["output_shape"]) == ("2x5x9x17", "2x37x5x19")
    assert (conv["stride"], conv["padding"], conv["dilation"]) == ("2x1", "1x2", "1x2")
    assert linear["output_shape"] == "2x21x1x1"
    for row, layer in zip((one, conv, linear), layers(False), strict=True):
        positions = 2 * math.prod(int(side) for side in row["output_shape"].split("x")[2:])
        assert row["dense_multiply_adds"] == layer.rows * layer.columns * positions
        assert row["multiply_adds"] == layer.block_count * 4 * positions
    (dense,) = bench.rows(folder / "ubp.ubp", "--layer", "conv", "--kernel", "dense", *QUICK)
    assert dense["multiply_adds"] == dense["dense_multiply_adds"]


def test_winograd_and_plain_code(bench: Bench, tmp_path: Path) -> None:
    layer = replace(random_layer(np.random.default_rng(2), (40, 33, 3, 3), 4), padding=(1, 1), image_hw=(15, 14))
    layer.save(tmp_path / "layer.ubp")
    for options, ran in (((), "winograd"), (("--no-winograd",), "dense")):
        rows = bench.rows(tmp_path / "layer.ubp", "--kernel", "auto,dense", "--check", *options, *QUICK)
        assert [row["kernel"] for row in rows] == ["ubp", ran]
        assert all(row["check"] == "ok" for row in rows)
        assert rows[1]["multiply_adds"] == rows[1]["dense_multiply_adds"] > rows[0]["multiply_adds"]


def test_the_grid_and_its_order(bench: Bench, folder: Path) -> None:
    grid = ["--kernel", "auto,dense", "--threads", "2,1", "--layer", "linear"]
    rows = bench.rows(folder / "ubp.ubp", folder / "abp.ubp", *grid, *QUICK)
    found = [(Path(row["file"]).stem, row["kernel_asked"], row["threads"]) for row in rows]
    assert found == list(itertools.product(("ubp", "abp"), ("auto", "dense"), (2, 1)))
    names = [row["layer"] for row in bench.rows(folder / "ubp.ubp", folder / "abp.ubp", *QUICK)]
    assert names == ["pointwise", "pointwise", "conv", "conv", "linear", "linear"]


def test_entries_of_a_group_run_equally_often(host: Bench, folder: Path) -> None:
    rows = host.rows(folder / "ubp.ubp", "--layer", "conv", "--kernel", "ubp,dense", "--min-time", "0.01")
    assert rows[0]["runs"] == rows[1]["runs"] >= 10
    assert all(row["warmup_runs"] >= 10 for row in rows)  # two stretches of five, at least
    total = sum(sum(row["samples_ns"]) for row in rows)
    assert total >= 2 * 0.01e9 or rows[0]["runs"] == 20000


def test_the_checksum_knows_the_output_alone(bench: Bench, folder: Path) -> None:
    def checksums(*arguments: str) -> set[str]:
        return {row["output_crc32"] for row in bench.rows(folder / "ubp.ubp", "--layer", "conv", *arguments, *QUICK)}

    same = checksums("--threads", "1,2,4")
    assert len(same) == 1 and re.fullmatch("[0-9a-f]{8}", *same)
    assert checksums("--seed", "1") == same
    assert checksums("--seed", "2") != same
    assert checksums("--input", "9x18") != same


def test_formats_tell_the_same(host: Bench, folder: Path) -> None:
    arguments = (folder / "ubp.ubp", "--check", "--threads", "1,2", *QUICK)
    document = json.loads(host.run(*arguments, "--json").stdout)
    lines = [json.loads(line) for line in host.run(*arguments, "--jsonl").stdout.splitlines()]
    table = list(csv.DictReader(io.StringIO(host.run(*arguments, "--csv").stdout)))
    fields = list(document["results"][0])
    assert list(table[0]) == fields
    assert [*fields, "device_facts"] == list(lines[0])
    for row, line, cells in zip(document["results"], lines, table, strict=True):
        assert line["device_facts"]["cpus"] == document["device"]["cpus"]
        for stable in ("layer", "threads", "output_crc32", "check", "multiply_adds", "aligned", "khz_before", "build"):
            assert row[stable] == line[stable]
            assert cells[stable] == text_of(row[stable])
        assert len(cells["samples_ns"].split()) == 3


def text_of(value: Any) -> str:
    """A value as CSV has it."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def test_the_table_has_a_line_per_entry(bench: Bench, folder: Path) -> None:
    lines = bench.run(folder / "ubp.ubp", "--check", *QUICK).stdout.splitlines()
    assert len(lines) == 2 + 3
    assert "median ms" in lines[1] and all(" ok" in line for line in lines[2:])
    assert ("EMULATED" in lines[0]) == (bench.command[0] == "qemu-aarch64")


def test_device_facts(bench: Bench, folder: Path) -> None:
    document = json.loads(bench.run(folder / "ubp.ubp", "--json", *QUICK).stdout)
    device = document["device"]
    assert document["schema_version"] == 1
    assert device["page_size"] in (4096, 16384, 65536)
    assert len(device["cpus"]) >= 1 and device["summary"]
    assert [cpu["number"] for cpu in device["cpus"]] == list(range(len(device["cpus"])))
    assert set(device["cpus"][0]) == {"number", "type", "min_khz", "max_khz", "current_khz", "governor"}
    for row in document["results"]:
        assert row["peak_memory_kb"] > 0 and row["clock_probe_before_ns"] > 0 and row["clock_probe_after_ns"] > 0
        assert isinstance(row["moved"], bool) and row["build"] == "optimised"


def test_affinity(host: Bench, folder: Path) -> None:
    allowed = sorted(os.sched_getaffinity(0))
    (row,) = host.rows(folder / "ubp.ubp", "--layer", "conv", "--cpus", str(allowed[0]), "--threads", "2", *QUICK)
    assert row["cpus"] == str(allowed[0])
    assert not [note for note in row["notes"] if "affinity" in note]
    (row,) = host.rows(folder / "ubp.ubp", "--layer", "conv", "--cpus", "1020-1023", *QUICK)
    assert row["cpus"] == "1020-1023"
    assert [note for note in row["notes"] if note.startswith("affinity 1020 refused: ")]


def test_an_output_that_differs_ends_with_1(bench: Bench, tmp_path: Path) -> None:
    """Weights whose products leave the range of fp32: the plain loop in double precision stays finite."""
    pack_dense(np.full((4, 64, 1, 1), 3e38, np.float32), np.full(4, 3e38, np.float32)).save(tmp_path / "huge.ubp")
    result = bench.run(tmp_path / "huge.ubp", "--input", "8x8", "--check", "--json", *QUICK, code=1)
    (row,) = json.loads(result.stdout)["results"]
    assert row["check"] == "differs" and row["check_error"] is None  # infinite, which JSON can't say
    assert "differs" in result.stderr


def test_a_large_bias_in_half_precision_is_no_difference(bench: Bench, tmp_path: Path) -> None:
    """Each of 500 sums rounds a bias that is much larger than the products."""
    rng = np.random.default_rng(1)
    weight, bias = rng.normal(scale=0.01, size=(64, 500, 1, 1)), np.full(64, 9.0)
    layer = to_half(pack_dense(weight.astype(np.float32), bias.astype(np.float32)))
    layer.save(tmp_path / "layer.ubp")
    (row,) = bench.rows(tmp_path / "layer.ubp", "--input", "8x8", "--check", *QUICK)
    assert row["check"] == "ok"
    assert bench.command[0] != "qemu-aarch64" or row["arithmetic"] == "fp32" or row["check_error"] > 1e-5


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_files_are_refused_with_the_field(host: Bench, tmp_path: Path, case: str) -> None:
    path = tmp_path / "bad.ubp"
    path.write_bytes(BAD_FILES[case].make())
    assert host.refusal(path, "--input", "4x4").startswith(f"{path}: {BAD_FILES[case].field}")


def test_a_bad_file_on_arm64(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "bad.ubp"
    path.write_bytes(BAD_FILES["blocks overlap"].make())
    assert bench.refusal(path) == f"{path}: layers[0].block_column[1]: the block overlaps one above it"


REFUSED = {
    "no file given": (),
    "missing.ubp: No such file or directory": ("missing.ubp",),
    "/: not a regular file": ("/",),
    "--bogus: unknown option": ("--bogus",),
    "--runs: a value must follow": ("FILE", "--runs"),
    "--runs: '0' is not a whole number from 1": ("FILE", "--runs", "0"),
    "--runs: '-3' is not a whole number": ("FILE", "--runs", "-3"),
    "--runs: '99999999999999999999' is not": ("FILE", "--runs", "99999999999999999999"),
    "--runs and --min-time exclude": ("FILE", "--runs", "3", "--min-time", "1"),
    "--min-time: 'nan' is not": ("FILE", "--min-time", "nan"),
    "--timeout: '1e9' is not": ("FILE", "--timeout", "1e9"),
    "--input: '7' is not HxW": ("FILE", "--input", "7"),
    "--input: '0' is not a whole number from 1": ("FILE", "--input", "0x7"),
    "--threads: '65' is not": ("FILE", "--threads", "1,65"),
    "--threads: '' is not": ("FILE", "--threads", "1,"),
    "--kernel: 'fast' is not one of": ("FILE", "--kernel", "ubp,fast"),
    "--format: 'xml' is not one of": ("FILE", "--format", "xml"),
    "--cpus: '5' is not a whole number from 7": ("FILE", "--cpus", "7-5"),
    "--cpus: '1-2-3' is not": ("FILE", "--cpus", "1-2-3"),
    "--layer: no file has a layer 'nothing'": ("FILE", "--layer", "nothing"),
    "--kernel abp: ": ("FILE", "--kernel", "abp"),
    "input or output above 2^28 values": ("FILE", "--input", "60000x60000"),
}


@pytest.mark.parametrize("line", REFUSED)
def test_bad_input_is_one_line_and_exit_2(host: Bench, folder: Path, line: str) -> None:
    arguments = [str(folder / "ubp.ubp") if word == "FILE" else word for word in REFUSED[line]]
    assert line in host.refusal(*arguments)


def test_a_file_that_names_no_image_needs_input(host: Bench, tmp_path: Path) -> None:
    (tmp_path / "layer.ubp").write_bytes(file_bytes(random_layer(np.random.default_rng(0), (5, 9, 1, 1), 2)))
    assert "give --input HxW" in host.refusal(tmp_path / "layer.ubp")


def test_an_image_below_the_kernel(host: Bench, tmp_path: Path) -> None:
    (tmp_path / "layer.ubp").write_bytes(file_bytes(random_layer(np.random.default_rng(0), (5, 1, 3, 3), 2)))
    assert "the image is smaller than the kernel" in host.refusal(tmp_path / "layer.ubp", "--input", "2x3")


def test_dense_layers_have_no_sparse_kernel(host: Bench, folder: Path) -> None:
    assert "--kernel ubp: " in host.refusal(folder / "dense.ubp", "--kernel", "ubp")


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small layer, and one that needs ten thousand million multiply-adds for a run."""
    rng = np.random.default_rng(0)
    small = replace(random_layer(rng, (3, 2), 0, name="small"), image_hw=(1, 1))
    large = replace(random_layer(rng, (512, 512), 0, name="large"), image_hw=(200, 200))
    path = tmp_path_factory.mktemp("endless") / "layers.ubp"
    PackedFile((small, large)).save(path)
    return path


def test_timeout_ends_a_run(bench: Bench, endless: Path) -> None:
    result = bench.run(endless, "--layer", "large", "--timeout", "0.5", code=124)
    assert result.stderr == "ubp_bench: timed out (--timeout)\n" and result.stdout == ""


@pytest.mark.parametrize("form", ["--jsonl", "--csv"])
def test_rows_that_are_done_are_out_before_a_timeout(host: Bench, endless: Path, form: str) -> None:
    result = host.run(endless, form, "--timeout", "2", code=124)
    assert "small" in result.stdout.splitlines()[-1] and "large" not in result.stdout


def test_help_and_the_document_have_every_option(host: Bench) -> None:
    told = set(re.findall(r"--[a-z-]+", host.run("--help").stdout))
    documented = set(re.findall(r"--[a-z-]+", "".join(re.findall(r"^\| (`-.*?) \|", DOCUMENT, re.M))))
    source = (Path(__file__).parents[2] / "native/bench/ubp_bench/options.cpp").read_text()
    parsed = {option for option in re.findall(r'"(--[a-z-]+)[": ]', source)}
    assert told == documented == parsed


def test_the_document_has_every_field(host: Bench, folder: Path) -> None:
    (row,) = host.rows(folder / "ubp.ubp", "--layer", "conv", *QUICK)
    chapter = DOCUMENT.split("## Fields")[1]
    cells = re.findall(r"^\| (`.*?`) \|", chapter, re.M)
    assert [name for cell in cells for name in re.findall(r"`(\w+)`", cell)] == list(row)


def test_progress_lines_come_from_the_work(bench: Bench, folder: Path) -> None:
    grid = ("--layer", "conv", "--kernel", "ubp,dense", "--check", "--progress", "--count", "--warmup", "2")
    done = bench.run(folder / "ubp.ubp", *grid, "--runs", "4", "--jsonl")
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    steps = [line["progress"] for line in lines]
    assert list(dict.fromkeys(steps)) == ["begin", "plain loop", "first run", "warm-up", "turns", "count"]
    assert lines[0]["layer"] == "conv" and lines[0]["entries"] == 2
    first = [line for line in lines if line["progress"] == "first run"]
    assert [line["entry"] for line in first] == [0, 1] and all(line["silence_ns"] > 0 for line in first)
    turns = [line for line in lines if line["progress"] == "turns"]
    assert (turns[-1]["done"], turns[-1]["of"]) == (4, 4)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert turns[-1]["medians_ns"] == pytest.approx([row["median_ns"] for row in rows])
    assert turns[-1]["silence_ns"] >= max(max(row["samples_ns"]) for row in rows)


def test_without_progress_nothing_is_said(bench: Bench, folder: Path) -> None:
    assert bench.run(folder / "ubp.ubp", "--check", *QUICK).stderr == ""

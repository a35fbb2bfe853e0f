"""Threads in a process that is short of memory: fewer work, down to the caller alone, and the result is the same."""

from __future__ import annotations

import subprocess
import sys

import pytest
from run_fuzzer import ROOT

from graph_samples import every_operation

PROGRAM = """
import os, resource, sys
import numpy as np
sys.path.insert(0, {tests!r})
from ubp_core import Network, select_blocks
from ubp_core.native.library import library
A = np.abs(np.random.default_rng(1).standard_normal((1024, 1152), np.float32))

def size():
    return int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGESIZE")

def select(threads):
    found = select_blocks(A, 4, 0.5, {method!r}, threads)
    return [found.rows.tobytes(), found.columns.tobytes(), str(found.retained).encode()]

def run(threads):
    with Network.load({path!r}, threads) as network:
        rng = np.random.default_rng(3)
        return [y.tobytes() for y in network.run(*(rng.standard_normal(s).astype(np.float32) for s in network.inputs))]

def attempt(work, more, threads):
    '''What a child makes of the work that may grow by so many bytes: its answer, or the error's name.'''
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        limit = size() + more
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        try:
            answer = b"".join(work(threads))
        except MemoryError:
            answer = b"MemoryError"
        with os.fdopen(writer, "wb") as stream:
            stream.write(answer)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        answer = stream.read()
    _, status = os.waitpid(child, 0)
    return answer if status == 0 else b"died of %d" % status

library()
work = {work}
wanted = None
enough = 0
for megabytes in (1, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 36, 40, 60, 100, 140, 200):
    alone = attempt(work, megabytes << 20, 1)
    if alone == b"MemoryError":
        continue
    wanted = wanted or alone
    enough += 1
    for count in (1, 2, 5, 16, 64):
        found = attempt(work, megabytes << 20, count)
        if found != wanted:
            print(megabytes, count, found[:40])
print("enough at", enough)
"""


def outcome(work: str, method: str = "optimal", path: str = "") -> list[str]:
    program = PROGRAM.format(tests=str(ROOT / "tests" / "core"), method=method, path=path, work=work)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("method", ["optimal", "bed", "abp"])
def test_a_selection_that_one_thread_can_make_is_made_with_any_number(method: str) -> None:
    lines = outcome("select", method)
    assert lines[:-1] == [] and int(lines[-1].split()[-1]) >= 10


def test_a_network_that_one_thread_can_run_runs_with_any_number(tmp_path: object) -> None:
    path = f"{tmp_path}/every.ubp"
    every_operation().save(path)
    lines = outcome("run", path=path)
    assert lines[:-1] == [] and int(lines[-1].split()[-1]) >= 15


SMALLER = """
import os, resource
import numpy as np
from ubp_core import select_blocks
from ubp_core.native.library import library
library()
A = np.abs(np.random.default_rng(1).standard_normal((2048, 1152), np.float32))
wanted = select_blocks(A, 4, 0.5, {method!r}, 1)
size = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGESIZE")
limit = size + ({megabytes} << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
found = select_blocks(A, 4, 0.5, {method!r}, 64)
print(np.array_equal(found.rows, wanted.rows), np.array_equal(found.columns, wanted.columns))
"""


@pytest.mark.parametrize("method", ["optimal", "bed", "greedy", "abp"])
@pytest.mark.parametrize("megabytes", [200, 50])
def test_a_pool_smaller_than_asked_selects_the_same_blocks(megabytes: int, method: str) -> None:
    """Stacks of 64 threads are 64 MB, and what the system sets aside for the allocations of two threads 128 MB."""
    program = SMALLER.format(megabytes=megabytes, method=method)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["True", "True"]

"""Are unaligned blocks worth it? Compares pruning methods on real images; resumable, so stop it whenever you like.

    python examples/mnist/run.py                        the whole table: 5 seeds, 2 processes, at most 40 minutes
    python examples/mnist/run.py --seeds 1              a first look
    python examples/mnist/run.py --report               tables and plots from the results that there are

Needs `pip install "ubp-tui[examples]"`. Finished runs stand in results.jsonl, one a line; pre-trained networks are
shared by all runs of a seed and kept in cache/.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from functools import partial
from pathlib import Path

from experiment import Task, pretrain, run_task
from networks import NETWORKS
from report import load_results, print_plots, print_tables, save_plot
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

HERE = Path(__file__).parent
METHODS = ("abp", "greedy", "bed", "optimal")
BLOCK_SIZES = (4, 8)
SPARSITIES = (0.8, 0.9, 0.95)
MODES = ("one-shot", "gradual")


def all_tasks(seeds: int) -> list[Task]:
    """Every run, seed by seed, so that a part of the table is a table too."""
    tasks = []
    for seed in range(seeds):
        for network in NETWORKS:
            tasks.append(Task(network, "dense", 0, 0.0, "one-shot", seed))
            for mode in MODES:
                for sparsity in SPARSITIES:
                    tasks.append(Task(network, "unstructured", 1, sparsity, mode, seed))
                    tasks += [Task(network, m, n, sparsity, mode, seed) for n in BLOCK_SIZES for m in METHODS]
    return tasks


def carry_out(tasks: list[Task], results: Path, cache: Path, workers: int) -> None:
    """Run what has no line in the results yet; each line is on the disk before the next run counts."""
    results.parent.mkdir(parents=True, exist_ok=True)
    done = {Task(**{k: row[k] for k in Task.__dataclass_fields__}) for row in load_results(results, mend=True)}
    waiting = [task for task in tasks if task not in done]
    context = multiprocessing.get_context("spawn")
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with (
        context.Pool(workers) as pool,
        results.open("a", encoding="utf-8") as stream,
        Progress(*columns, console=Console(stderr=True)) as progress,
    ):
        dense = sorted({(task.network, task.seed) for task in waiting}, key=lambda pair: pair[1])
        bar = progress.add_task("pre-training", total=len(dense))
        for _ in pool.imap_unordered(partial(pretrain, folder=cache), dense):
            progress.advance(bar)
        bar = progress.add_task("runs", total=len(tasks), completed=len(tasks) - len(waiting))
        for row in pool.imap_unordered(partial(run_task, cache_folder=cache), waiting):
            stream.write(json.dumps(row) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
            progress.advance(bar)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="how many seeds (default: 5)")
    parser.add_argument("--workers", type=int, default=2, help="processes of one thread each (default: 2)")
    parser.add_argument("--results", type=Path, default=HERE / "results.jsonl", help="where finished runs stand")
    parser.add_argument("--cache", type=Path, default=HERE / "cache", help="folder of the pre-trained networks")
    parser.add_argument("--plot", type=Path, default=HERE / "accuracy.png", help="the picture to draw")
    parser.add_argument("--report", action="store_true", help="run nothing; show what there is")
    options = parser.parse_args()
    started = time.perf_counter()
    if not options.report:
        try:
            carry_out(all_tasks(options.seeds), options.results, options.cache, options.workers)
        except KeyboardInterrupt:
            print(f"stopped; the same command goes on from {options.results}", file=sys.stderr)
            return 130
    rows = load_results(options.results)
    if not rows:
        print(f"{options.results}: no finished runs yet; leave out --report", file=sys.stderr)
        return 1
    print_tables(rows)
    print_plots(rows)
    save_plot(rows, options.plot)
    print(f"{options.plot}; {time.perf_counter() - started:.0f} s this time", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

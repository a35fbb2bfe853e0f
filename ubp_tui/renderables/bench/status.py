"""What the benchmark queue is doing, in words. Draws no widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubp_tui.renderables.bench.text import list_types

if TYPE_CHECKING:
    from ubp_tui.bench.job import BenchJob, Plan
    from ubp_tui.bench.queue import BenchQueue


PACKING_SHARE = 0.1
"""Part of a benchmark that packing is said to be."""


def find_share(queue: BenchQueue) -> float:
    """How much of the benchmark is done, 0 to 1."""
    if queue.job is None or not queue.runs:
        return 0.0
    if queue.phase == "packing":
        return PACKING_SHARE * max(queue.packing_number - 1, 0) / len(queue.job.names)
    shares = [run.share for run in queue.runs.values()]
    return PACKING_SHARE + (1 - PACKING_SHARE) * sum(shares) / len(shares)


def describe_job(job: BenchJob, plan: Plan) -> str:
    """The network, choices and types of a job, for the title."""
    choices = sorted({(choice.block, choice.sparsity) for choice in job.choices})
    same = f"N={choices[0][0]} s={choices[0][1]:g}" if len(choices) == 1 else f"{len(choices)} choices"
    variants = [variant for some in plan.values() for variant in some]
    own = max((len(job.network.types_of(variant)) for variant in variants), default=0) if job.network else 0
    more = f" ({own} {'layer' if own == 1 else 'layers'} of another type)" if own else ""
    return f"{job.model} · {same} · {list_types(variant.dtype for variant in variants)}{more}"


def describe_plan(queue: BenchQueue) -> str:
    """What is run, where no device has figures yet."""
    names = queue.job.names if queue.job else ()
    what = f"{len(names)} layers" if len(names) != 1 else names[0]
    count = len(next(iter(queue.plan.values()), ()))
    return f"{what} · {count} variants take turns, run by run"


def describe_status(queue: BenchQueue) -> str:
    """What the queue is doing, or what can be done with it, in one line."""
    if queue.phase == "looking":
        return "looking for devices"
    if queue.running:
        return "stopping" if queue.cancelled else _describe_work(queue)
    if queue.phase == "ended":
        return f"{_last_word(queue)} · b runs it again, h opens the history"
    if queue.cancelled:
        return "cancelled · b runs it on the chosen devices"
    return "choose a device, or mark several (space); b benchmarks the layers on them"


def _describe_work(queue: BenchQueue) -> str:
    """What is packed, or what one device is doing; with several, how many are at work."""
    if queue.phase == "packing":
        count = len(queue.job.names) if queue.job else 0
        place = f" {queue.packing} ({queue.packing_number} of {count})" if queue.packing else ""
        return f"selecting and packing{place}"
    if len(queue.runs) != 1:
        ended = sum(run.ended for run in queue.runs.values())
        return f"{len(queue.runs)} devices at once, {ended} done"
    step = queue.step
    if step is None:
        return f"starting · {next(iter(queue.runs))}"
    place = f" · {step.layer} ({step.index} of {step.count})" if step.layer else ""
    return f"{step.detail or step.stage.value}{place} · {step.device}"


def _last_word(queue: BenchQueue) -> str:
    """How a benchmark ended."""
    runs = queue.runs.values()
    failed = sum(bool(run.failure) for run in runs)
    if queue.cancelled and failed:
        return "cancelled"
    if not any(run.layers for run in runs):
        return "nothing was measured"
    if len(runs) > 1 and failed:
        return f"done on {len(runs) - failed} of {len(runs)} devices"
    return "ended early" if failed else "done"

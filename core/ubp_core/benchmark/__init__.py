"""Benchmarks of layers on a device: what to run, running it, what came out, and how far that is to be trusted.

Owns the comparison: dense, aligned and unaligned variants of a layer in one run of `ubp_bench`, which lets them take
turns. Knows devices only by their interface; keeps nothing on disk (that is `history`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubp_core.lazy_names import import_at_use, list_names

if TYPE_CHECKING:
    from ubp_core.benchmark.comparison import run_comparison, run_on_devices
    from ubp_core.benchmark.errors import BenchmarkError
    from ubp_core.benchmark.network_variants import NETWORK, pack_network_variants
    from ubp_core.benchmark.plan_variants import PLAN, plan_layer_variants, plan_network_variants
    from ubp_core.benchmark.profile import (
        GROUPS,
        ProfileStep,
        account,
        group_times,
        longest_steps,
        pruned_names,
    )
    from ubp_core.benchmark.progress import BenchProgress, Stage
    from ubp_core.benchmark.progress_lines import LayerProgress
    from ubp_core.benchmark.result import BenchRun, LayerResult, VariantResult
    from ubp_core.benchmark.settings import BenchSettings
    from ubp_core.benchmark.variants import PackedVariants, Variant, make_variants, pack_variants

_HOMES = {
    "BenchProgress": "progress",
    "BenchRun": "result",
    "BenchSettings": "settings",
    "BenchmarkError": "errors",
    "GROUPS": "profile",
    "LayerProgress": "progress_lines",
    "NETWORK": "network_variants",
    "PLAN": "plan_variants",
    "ProfileStep": "profile",
    "account": "profile",
    "group_times": "profile",
    "longest_steps": "profile",
    "pack_network_variants": "network_variants",
    "plan_layer_variants": "plan_variants",
    "plan_network_variants": "plan_variants",
    "pruned_names": "profile",
    "LayerResult": "result",
    "PackedVariants": "variants",
    "Stage": "progress",
    "Variant": "variants",
    "VariantResult": "result",
    "make_variants": "variants",
    "pack_variants": "variants",
    "run_comparison": "comparison",
    "run_on_devices": "comparison",
}
__all__ = [
    "GROUPS",
    "NETWORK",
    "PLAN",
    "BenchProgress",
    "BenchRun",
    "BenchSettings",
    "BenchmarkError",
    "LayerProgress",
    "LayerResult",
    "PackedVariants",
    "ProfileStep",
    "Stage",
    "Variant",
    "VariantResult",
    "account",
    "group_times",
    "longest_steps",
    "make_variants",
    "pack_network_variants",
    "pack_variants",
    "plan_layer_variants",
    "plan_network_variants",
    "pruned_names",
    "run_comparison",
    "run_on_devices",
]

__getattr__ = import_at_use(__name__, _HOMES)
__dir__ = list_names(globals(), __all__)

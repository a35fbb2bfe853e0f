"""How a benchmark runs, as the user chooses it on the benchmark screen: values and their words. Runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

from ubp_core.vocabulary import COMPARED_METHODS, DENSE, DTYPES
from ubp_tui.choices.choice import Choice

if TYPE_CHECKING:
    from ubp_core.benchmark import BenchSettings, Variant
    from ubp_core.devices import DeviceFacts

METHODS: Final = (DENSE, *COMPARED_METHODS)
"""Variants of every comparison."""
AUTO: Final = "auto"
"""Leaves a setting to the program."""
CHOSEN, SPARSITIES, SIZES, ALL = "chosen", "sparsities", "sizes", "all"
SWEPT_SPARSITIES: Final = (0.5, 0.75, 0.9)
SWEPT_SIZES: Final = (2, 4, 8, 16)


@dataclass(frozen=True)
class RunOptions:
    """Words of the chosen options; each is one of the option's values."""

    threads: str = "1"
    """Threads on the device."""
    cores: str = "any"
    """Cluster to run on."""
    runs: str = AUTO
    """Samples per variant."""
    warmup: str = AUTO
    """Runs that don't count."""
    rest: str = "0 s"
    """Cool-down between layers."""
    variants: str = CHOSEN
    """What runs against dense: the layer's own block size and sparsity, or several of one of them."""
    dtypes: str = CHOSEN
    """In which type: the layer's own, another one, or all of them, each against dense of its own."""

    def settings(self, base: BenchSettings) -> BenchSettings:
        """The settings of a run; what is left to the program is as in `base`."""
        changes: dict[str, Any] = {}
        if self.threads != "1":
            changes["threads"] = int(self.threads)
        if self.cores != "any":
            changes["cores"] = CORE_NAMES.get(self.cores, self.cores)
        if self.runs != AUTO:
            changes["runs"] = int(self.runs)
        if self.warmup != AUTO:
            changes["warmup"] = int(self.warmup)
        if self.rest != "0 s":
            changes["cool_down_s"] = float(self.rest.removesuffix(" s"))
        return replace(base, **changes)

    def stepped(self, name: str, values: Sequence[str], step: int = 1) -> RunOptions:
        """The same with the next of an option's values, around the end."""
        value = getattr(self, name)
        place = values.index(value) if value in values else -step
        return replace(self, **{name: values[(place + step) % len(values)]})

    def limited(self, name: str, values: Sequence[str]) -> RunOptions:
        """The same where an option offers only these values: another one goes back to the first."""
        return self if getattr(self, name) in values else replace(self, **{name: values[0]})

    def make_variants(self, choice: Choice, dtype: str) -> tuple[Variant, ...]:
        """The variants of a layer with this choice and type."""
        from ubp_core.benchmark import make_variants

        sizes = tuple(sorted({*SWEPT_SIZES, choice.block_size})) if self.variants == SIZES else (choice.block_size,)
        sweep = self.variants == SPARSITIES
        sparsities = tuple(sorted({*SWEPT_SPARSITIES, choice.sparsity})) if sweep else (choice.sparsity,)
        dtypes = {CHOSEN: (dtype,), ALL: DTYPES}.get(self.dtypes, (self.dtypes,))
        return make_variants(METHODS, sizes, sparsities, dtypes, (choice.block_columns,))


CORE_NAMES: Final = {"mid": "middle"}
"""Words of the control that are shorter than the cluster's name."""
CORE_WORDS: Final = ("any", "little", "mid", "big", "all")
"""All words that the control for cores may offer."""


@dataclass(frozen=True)
class RunOption:
    """One option as a control shows it."""

    name: str
    """Field of RunOptions."""
    label: str
    """Word of the control."""
    key: str
    """Key that steps through the values."""
    values: tuple[str, ...]
    """What can be chosen."""


OPTIONS: Final = (
    RunOption("threads", "threads", "t", ("1", "2", "4", "8")),
    RunOption("cores", "cores", "o", ("any", "all")),
    RunOption("runs", "runs", "n", (AUTO, "10", "50", "200")),
    RunOption("warmup", "warm-up", "w", (AUTO, "0", "5", "20")),
    RunOption("rest", "rest", "l", ("0 s", "5 s", "30 s", "120 s")),
    RunOption("variants", "variants", "v", (CHOSEN, SPARSITIES, SIZES)),
    RunOption("dtypes", "type", "z", (CHOSEN, *DTYPES, ALL)),
)
"""All options, in the order of the screen."""
assert {option.name for option in OPTIONS} == {field.name for field in fields(RunOptions)}


def core_values(all_facts: Iterable[DeviceFacts]) -> tuple[str, ...]:
    """The clusters that the devices have, as the control names them; slowest first."""
    short = {long: word for word, long in CORE_NAMES.items()}
    order = ("little", "middle", "big")
    present = {cluster.name for facts in all_facts for cluster in facts.clusters}
    return ("any", *(short.get(name, name) for name in order if name in present), "all")


def thread_values(all_facts: Iterable[DeviceFacts]) -> tuple[str, ...]:
    """Numbers of threads that make sense: up to the cores of the largest device; 8 where no device told."""
    cores = [sum(len(cluster.cpus) for cluster in facts.clusters) for facts in all_facts]
    most = max([count for count in cores if count], default=8)
    return tuple(str(count) for count in (1, 2, 4, 8) if count <= most)

"""What commands with --plan share: reading it, refusing options that it decides itself, loading its network."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ubp_core.cli.options.model import MODEL_OPTIONS, load_spec, model_spec
from ubp_core.cli.parsing import refuse_given

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel
    from ubp_core.plan import Plan


def add_plan_option(parser: argparse._ActionsContainer) -> None:
    """--plan."""
    parser.add_argument(
        "--plan",
        type=Path,
        metavar="PLAN.yaml",
        help="what is done with every layer, as `ubp plan` wrote it; its network unless MODEL is named",
    )


def read_plan(args: argparse.Namespace, decided: Iterable[str]) -> Plan | None:
    """The plan that --plan names, or None.

    Args:
        args: with `plan`.
        decided: names of arguments that go without a plan only.

    Raises:
        UsageError: one of them is there besides a plan.
        PlanError: the file can't be used.
    """
    if args.plan is None:
        return None
    refuse_given(args, decided, "the plan says what is done with every layer")
    from ubp_core.plan import Plan

    return Plan.load(args.plan)


def load_for_plan(args: argparse.Namespace, plan: Plan | None, image: int | None = None) -> tuple[LoadedModel, int]:
    """The model that was named, or the plan's, or the default one; and the height and width of its image.

    Args:
        args: of `add_model_options`; what was given of them replaces what the plan says.
        plan: may name a model.
        image: height and width in place of the option's and the plan's.
    """
    spec = model_spec(args)
    if plan is not None and plan.model is not None and args.model is None:
        spec = replace(
            plan.located_model, **{name: getattr(args, name) for name in MODEL_OPTIONS if name in args.given}
        )
    if image:
        spec = replace(spec, input_size=image)
    return load_spec(spec), spec.input_size

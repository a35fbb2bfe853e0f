"""What commands with --plan share: reading it, refusing options that it decides itself, loading its network."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from ubp_core.cli import output
from ubp_core.cli.options import common as options
from ubp_core.errors import PlanError
from ubp_core.models.catalogue import DEFAULT_MODEL

if TYPE_CHECKING:
    from ubp_core.models import LoadedModel
    from ubp_core.plan import Plan


def read_plan(args: argparse.Namespace, decided: Iterable[str]) -> Plan | None:
    """The plan that --plan names, or None.

    Args:
        args: with `plan`.
        decided: names of arguments that go without a plan only; left out they are None or False.

    Raises:
        PlanError: one of them is there besides a plan, or the file can't be used.
    """
    if args.plan is None:
        return None
    for name in decided:
        if getattr(args, name) not in (None, False):
            option = name.replace("_", "-")
            raise PlanError(f"--{option}: the plan says what is done with every layer; leave one of the two out")
    from ubp_core.plan import Plan

    return Plan.load(args.plan)


def load_for_plan(args: argparse.Namespace, plan: Plan | None, image: int | None) -> tuple[LoadedModel, int]:
    """The model that was named, or the plan's, or the default one; and the height and width of its image.

    Args:
        args: of `add_model_options`, with None for a model that was not named.
        plan: may name a model.
        image: height and width in place of the option's and the plan's.
    """
    if args.model is None and plan is not None and plan.model is not None:
        spec = replace(plan.model, input_size=image) if image else plan.model
        with output.narrate(f"loading {spec.name}") as tell:
            return spec.load(tell), spec.input_size
    args.model = args.model or DEFAULT_MODEL
    args.input_size = image or args.input_size
    return options.load_model_from(args), args.input_size

"""Pruning plans: what is done with every layer of a network, as a value and as a readable file.

`make_plan` decides, `Plan.save` and `Plan.load` keep, `select_plan` finds the blocks, `report_plan` says what that
means. Begin with `plan` (`Plan`) and `records` (a layer's part of it). Importing this package is cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubp_core.lazy_names import import_at_use, list_names
from ubp_core.models.spec import ModelSpec
from ubp_core.plan.plan import Plan
from ubp_core.plan.records import LayerPlan
from ubp_core.vocabulary import DENSE

if TYPE_CHECKING:
    from ubp_core.plan.applying import select_plan as select_plan
    from ubp_core.plan.making import make_plan as make_plan
    from ubp_core.plan.making import remake_plan as remake_plan
    from ubp_core.plan.overrides import Override as Override
    from ubp_core.plan.report import PlanReport as PlanReport
    from ubp_core.plan.report import report_plan as report_plan

__all__ = [
    "DENSE",
    "LayerPlan",
    "ModelSpec",
    "Override",
    "Plan",
    "PlanReport",
    "make_plan",
    "remake_plan",
    "report_plan",
    "select_plan",
]

_HOMES = {
    "Override": "overrides",
    "PlanReport": "report",
    "make_plan": "making",
    "remake_plan": "making",
    "report_plan": "report",
    "select_plan": "applying",
}

__getattr__ = import_at_use(__name__, _HOMES)
__dir__ = list_names(globals(), __all__)

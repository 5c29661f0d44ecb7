"""What is trained on what, in which stages."""

from dataclasses import replace

from ..config import Run
from ..data import Prepared
from .baseline import plan_baseline
from .disagreement import TABLE
from .distil import plan_distil
from .ensemble import check_mirrors
from .feature_teaching import with_feature_teacher
from .identity import teachers_identity, teachers_of
from .partial_multitask import plan_partial_multitask
from .plan import Batches, Losses, Networks, Plan, Stage, ema_of, network_of, with_timing
from .pretraining import with_pretraining
from .semi_supervised import plan_semi_supervised
from .starting import missing_ground, with_start
from .strides import with_strides
from .supervised import chosen_loss, plan_supervised
from .teachers import CHECKPOINTS, best_weights

RECIPES = {
    "supervised": plan_supervised,
    "partial_multitask": plan_partial_multitask,
    "semi_supervised": plan_semi_supervised,
    "distil": plan_distil,
    "baseline": plan_baseline,
}


def build_plan(run: Run, prepared: Prepared) -> Plan:
    """The networks and stages of a run's recipe.

    Raises:
        ConfigError: the recipe does not fit the sources.
        WeightsError: encoder weights cannot be had.
    """
    run = with_strides(with_start(run), prepared)
    plan = with_feature_teacher(RECIPES[run.recipe.kind](run, prepared), run, prepared)
    plan = with_timing(plan, run.recipe)
    if run.training.mirrored_validation:
        detects = [name for name, each in plan.networks.items() if "detection" in getattr(each, "tasks", ())]
        check_mirrors([network_of(plan.networks, name) for name in detects], run, "training.mirrored_validation")
    sentences = chosen_loss(run, prepared).sentence, missing_ground(run, prepared)
    plan = replace(plan, notes=(*plan.notes, *filter(None, sentences)))
    return with_pretraining(plan, run, len(prepared.bands))


__all__ = [
    "CHECKPOINTS",
    "TABLE",
    "Batches",
    "Losses",
    "Networks",
    "Plan",
    "Stage",
    "best_weights",
    "build_plan",
    "ema_of",
    "teachers_identity",
    "teachers_of",
]

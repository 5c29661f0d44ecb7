"""A self-supervised vision transformer as a frozen teacher of the student's encoder: docs/methods.md, section 3.

It knows none of the run's classes and needs no labels, so it speaks on every chip that the student sees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from ..config import FeatureTaught, Run
from ..data import Prepared
from ..distillation import spatial_cosine
from ..errors import ConfigError
from ..models.catalogue import licence_warning
from ..models.feature_teacher import FeatureTeacher, load_feature_teacher
from ..models.weights import expected_standardisation
from ..types import Outputs, Role
from .plan import Batches, Networks, Plan, Stage, network_of

TEACHER, PROJECTOR = "feature_teacher", "feature_projector"
RGB = 3


def with_feature_teacher(plan: Plan, run: Run, prepared: Prepared) -> Plan:
    """The plan with the transformer and a projector beside the student in its stage; the plan itself where it is off.

    Raises:
        ConfigError: its weights are missing or of another network, or it cannot tell which bands to look at.
    """
    if not (isinstance(run.recipe, FeatureTaught) and run.recipe.features_teach):
        return plan
    with torch.random.fork_rng(devices=[]):  # training's random state stays what it is without this teacher
        torch.default_generator.manual_seed(run.training.seed)
        teacher = _teacher(run.recipe, prepared)
        projector = nn.Conv2d(
            network_of(plan.networks, plan.exported).backbone_channels, teacher.channels, kernel_size=1
        )
    *earlier, last = plan.stages
    networks = {**plan.networks, TEACHER: teacher, PROJECTOR: projector}
    return replace(plan, networks=networks, stages=[*earlier, _taught(last)])


def feature_terms(
    networks: Networks, outputs: Mapping[Role, Outputs], batches: Batches, recipe: object, strength: float = 1.0
) -> dict[str, Tensor]:
    """What the transformer asks of the student's encoder on each role's batch, as weighted named scalars.

    Args:
        networks: the plan's.
        outputs: the student's.
        batches: what the transformer looks at, and which pixels count.
        recipe: of a stage that has a feature teacher; of any other there are no terms.
        strength: a factor beside the recipe's weight.
    """
    if not (isinstance(recipe, FeatureTaught) and recipe.features_teach):
        return {}
    teacher, projector, weight = networks[TEACHER], networks[PROJECTOR], strength * recipe.feature_teacher_weight
    return {
        f"{role}/feature teacher": weight
        * spatial_cosine(projector(outputs[role].backbone), teacher(batch.image), batch.valid)
        for role, batch in batches.items()
    }


def _taught(stage: Stage) -> Stage:
    return replace(stage, trainable=(*stage.trainable, PROJECTOR), frozen_teachers=(*stage.frozen_teachers, TEACHER))


def _teacher(recipe: FeatureTaught, prepared: Prepared) -> FeatureTeacher:
    """The transformer, standardising as its weights saw pixels (8 bits), or by the training area's statistics."""
    bands, seen = list(prepared.bands), recipe.feature_teacher_bands or list(prepared.bands)
    if len(seen) != RGB or not set(seen) <= set(bands):
        raise ConfigError(
            f"The feature teacher looks at three bands, and this run has the bands {bands}.",
            "Name those for red, green and blue in recipe.feature_teacher_bands.",
        )
    places = [bands.index(band) for band in seen]
    transformer = load_feature_teacher(recipe.feature_teacher_model, recipe.feature_teacher)
    if prepared.dtype == "uint8" and not prepared.source_statistics:
        mean, std = expected_standardisation(f"tu-{recipe.feature_teacher_model}")
        mean, std = [255 * each for each in mean], [255 * each for each in std]
    else:
        mean, std = ([values[place] for place in places] for values in (prepared.mean, prepared.std))
    licence = licence_warning(f"tu-{recipe.feature_teacher_model}")
    return FeatureTeacher(transformer, mean, std, places, [licence] if licence else [])

"""A self-supervised vision transformer as a frozen teacher of the student's encoder: docs/methods.md, section 3.

It knows none of the run's classes and needs no labels, so it speaks on every chip that the student sees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import timm
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..config import FeatureTaught, Run
from ..data import Prepared
from ..distillation import spatial_cosine
from ..errors import ConfigError, WeightsError
from ..models.blocks import Normalised
from ..models.encoders import licence_warning
from ..models.weights import expected_standardisation, fetch_from_hub, match, read_tensors
from ..types import Outputs, Role
from .plan import Batches, Networks, Plan, Stage, network_of

HUB = "hub"
_WITHOUT = "or leave recipe.feature_teacher out (none)."


class FeatureTeacher(Normalised):
    """A frozen vision transformer's last patch features, after its final norm.

    Attributes:
        channels: D of its features.
        warnings: what a person should know before it teaches.

    Args:
        transformer: of `load_feature_teacher`.
        mean: of the three bands that it sees, raw units.
        std: of the same, raw units.
        bands: where these are among the image's, red, green and blue.
        warnings: sentences.
    """

    def __init__(
        self,
        transformer: Any,
        mean: Sequence[float],
        std: Sequence[float],
        bands: Sequence[int] = (0, 1, 2),
        warnings: Sequence[str] = (),
    ) -> None:
        super().__init__(mean, std)
        self.transformer: Any = transformer  # of timm, whose transformers share no class
        self.bands, self.warnings = list(bands), list(warnings)
        self.channels: int = transformer.num_features

    @torch.no_grad()
    def forward(self, image: Tensor) -> Tensor:
        """Features (B, D, h, w), without gradient, of (B, C, H, W) raw values of whatever size.

        Images are resized, bilinearly, to the nearest whole number of patches: 256 px to 18 x 14 = 252.
        """
        seen, patch = self.normalise(image[:, self.bands]), self.transformer.patch_embed.patch_size
        sides = tuple(max(1, round(n / of)) * of for n, of in zip(seen.shape[-2:], patch, strict=True))
        if sides != tuple(seen.shape[-2:]):
            seen = F.interpolate(seen, size=sides, mode="bilinear", align_corners=False, antialias=True)
        features: Tensor
        (features,) = self.transformer.forward_intermediates(seen, indices=1, norm=True, intermediates_only=True)
        return features


def load_feature_teacher(model: str, weights: str) -> nn.Module:
    """A vision transformer of timm with all of its weights, in eval mode, for images of any size.

    Args:
        model: its name in timm.
        weights: `hub`, or a path to a .safetensors, .pth or .pt file as timm publishes them.

    Raises:
        ConfigError: timm has no such transformer, or its weights are missing, unreadable or of another one.
    """
    try:
        transformer = timm.create_model(model, pretrained=False, num_classes=0, dynamic_img_size=True)
    except (RuntimeError, TypeError, ValueError) as error:
        raise _unknown(model) from error
    if not hasattr(transformer, "num_prefix_tokens"):  # Swin and its like, whose maps shrink on the way
        raise _unknown(model)
    try:
        given = read_tensors(fetch_from_hub(f"tu-{model}") if weights == HUB else Path(weights))
    except WeightsError as error:
        raise ConfigError(
            f"The feature teacher {model} has no weights: {error.message}",
            f"Give a .safetensors or .pth file of them as recipe.feature_teacher, {_WITHOUT}",
        ) from error
    wanted = transformer.state_dict()
    found = match(wanted, given)
    if len(found) < len(wanted):  # a frozen network with a random part would teach noise
        raise ConfigError(
            f"The weights {weights} have {len(found)} of the {len(wanted)} tensors of the feature teacher {model}.",
            f"Set recipe.feature_teacher_model to the network in timm that they are of, {_WITHOUT}",
        )
    transformer.load_state_dict(found)
    return transformer.eval()


def _unknown(model: str) -> ConfigError:
    return ConfigError(
        f"timm has no vision transformer '{model}' whose features could teach.",
        "Set recipe.feature_teacher_model to one, vit_small_patch14_dinov2.lvd142m for example.",
    )


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

"""Named settings: a recipe and what it changes of the loop. In `run.json`, `"preset": NAME` stands for both.

What the papers leave open is taken from the authors' public code (lhoangan/multas) or named here as our reading;
docs/methods.md and docs/datasets.md say which is which.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from ..errors import ConfigError
from .recipes import Network, PartialMultitask, SemiSupervised, SslkdWeights
from .validation import shown

MULTITASK = "igarss2024-multitask"
SSLKD = "igarss2024-sslkd"


class Preset(BaseModel):
    """Settings by name.

    Attributes:
        recipe: of the run.
        training: the loop's settings that differ from the defaults, as in `run.json`.
        note: one line for people.
    """

    recipe: PartialMultitask | SemiSupervised
    training: dict[str, Any]
    note: str


def preset_names() -> list[str]:
    """The names, for lists to choose from."""
    return list(_PRESETS)


def preset(name: str) -> Preset:
    """The settings of that name, for the caller to change.

    Raises:
        ConfigError: there is none.
    """
    if name not in _PRESETS:
        raise ConfigError(f"There is no preset '{shown(name)}'; choose one of {', '.join(_PRESETS)}.")
    return _PRESETS[name].model_copy(deep=True)


def filled(values: dict[str, Any]) -> dict[str, Any]:
    """A run file's values with its preset under them: what the file says itself stays.

    Raises:
        ConfigError: it names a preset that is none.
    """
    recipe, named = values.get("recipe", {}), values.get("preset")
    if not isinstance(named, str) or not named:  # of another type: for the model to refuse
        return values
    if not isinstance(recipe, dict) or not isinstance(values.get("training", {}), dict):
        return values
    chosen = preset(named)
    if recipe.get("kind", chosen.recipe.kind) != chosen.recipe.kind:
        kind = shown(recipe["kind"])
        raise ConfigError(f"The preset {named} is of the recipe {chosen.recipe.kind}, not {kind}.")
    under = {"recipe": chosen.recipe.model_dump(), "training": chosen.training}
    return {**values, "recipe": _over(under["recipe"], recipe), "training": _training(under, values)}


def _training(under: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """A budget is one choice of several, so it is not merged."""
    own = values.get("training", {})
    merged = _over(under["training"], own)
    return {**merged, "budget": own["budget"]} if "budget" in own else merged


def _over(under: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    both = {key: _over(under[key], value) for key, value in values.items() if _merges(under.get(key), value)}
    return {**under, **values, **both}


def _merges(under: Any, value: Any) -> bool:
    return isinstance(under, dict) and isinstance(value, dict)


def _teacher() -> Network:
    return Network(size="large", encoder="resnet50", neck="pafpn", detection_head="retinanet")


_PRESETS = {
    MULTITASK: Preset(
        recipe=PartialMultitask(
            student=Network(size="small", encoder="resnet18", detection_head="retinanet"),
            detection_teacher=_teacher(),
            segmentation_teacher=_teacher(),
            distillation=["soft", "pdf"],
            on_own_task=False,
            teacher_share=1 / 3,
        ),
        # 320 px, SGD 0.9, weight decay 5e-4, EMA 0.9998; the rest is the default of the authors' code
        training={
            "budget": {"epochs": 210},
            "batch_size": 32,
            "chip_size": 320,
            "optimizer": "sgd",
            "learning_rate": 5e-3,
            "weight_decay": 5e-4,
            "ema_decay": 0.9998,
        },
        note="Partial multi-task distillation as in arXiv 2405.15394",
    ),
    SSLKD: Preset(
        # the printed total has every term from the start, neither threshold nor agreement, and no other views
        recipe=SemiSupervised(
            dice=1.0,
            teacher_share=0.0,
            confidence=0.0,
            agreement=False,
            strong_views=False,
            cutmix=0.0,
            ema_teachers=False,
            weights=SslkdWeights(feature=1.0),
        ),
        training={},
        note="Two-teacher semi-supervised distillation as in arXiv 2402.05305",
    ),
}

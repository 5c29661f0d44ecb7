"""What run files of older versions meant, written out in today's keys."""

from __future__ import annotations

from typing import Any

from .presets import preset

FIRST = {"design": 1, "weights": "none", "detection_strides": [4, 8, 16, 32]}
"""What a network was in version 1 where its settings said nothing else."""
_LARGE = {"size": "large"}
FIRST_NETWORKS: dict[str, dict[str, dict[str, Any]]] = {
    "supervised": {"network": {}},
    "partial_multitask": {"student": {}, "detection_teacher": _LARGE, "segmentation_teacher": _LARGE},
    "semi_supervised": {
        "student": {},
        "first_teacher": _LARGE,
        "second_teacher": {"architecture": "segformer", "encoder": "mit_b0"},
    },
    "distil": {"student": {}},
    "baseline": {"student": {}, "teacher": _LARGE},
}
"""The default networks of each recipe in version 1."""
_SINCE = {"design", "weights", "detection_strides", "light", "standardisation", "batch_norm"}
"""Keys of networks whose defaults a preset must not bring into a file of version 1."""


def from_first(values: dict[str, Any]) -> dict[str, Any]:
    """A dictionary of version 1 in version 2, which has other default networks; what is wrong in it stays so."""
    recipe = values.get("recipe", {})
    if not isinstance(recipe, dict):
        return values
    under: dict[str, Any] = {}
    if isinstance(values.get("preset"), str):
        chosen = preset(values["preset"]).recipe
        under = chosen.model_dump(exclude_defaults=True) | {"kind": chosen.kind}
    kind = recipe.get("kind", under.get("kind"))
    defaults = FIRST_NETWORKS.get(kind, {}) if isinstance(kind, str) else {}
    networks = {}
    for name, default in defaults.items():
        given = recipe.get(name, {})
        of_preset = {key: value for key, value in under.get(name, {}).items() if key not in _SINCE}
        networks[name] = {**FIRST, **(of_preset or default), **given} if isinstance(given, dict) else given
    training = values.get("training", {})
    if isinstance(training, dict):  # noise came later; checkpoints of such a run go on without
        values = {**values, "training": {"statistics_noise": 0.0, **training}}
    return {**values, "recipe": {**recipe, **networks}} if networks else values

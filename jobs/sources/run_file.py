"""A draft as `run.json`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsProject

from ..classes import NO_CLASS, RASTER_BACKGROUND
from ..run_folder import RUN_VERSION, merge_patch
from ..runs.files import TEACHER
from ..snapshots import CLASS_FIELD
from ..teacher import heads_of
from .draft import AREA_LAYER, LABELLED_ROLES, SEGMENTATION, UNLABELLED, Draft, RecipeDraft, SourceDraft
from .facts import CLASS_RASTER, label_kind
from .files import Files
from .option import AUGMENTATION, TRAINING
from .options import option_patch, options_of
from .suggestion import DISTIL, PARTIAL, SEMI, suggest
from .teaching import decided, started, teacher_card

OWN_KEYS = ("sources", "detection_classes", "segmentation_classes", "gsd", "version")
"""What a draft always says itself, so that nothing of it is kept from a template."""


def run_values(draft: Draft, files: Files, project: QgsProject) -> dict[str, Any]:
    """The content of `run.json`: the draft over what its template has besides.

    Raises:
        GeoDistilError: the model that teaches, or that the run starts from, is no model package.
    """
    run = {key: value for key, value in draft.template.items() if key not in OWN_KEYS}
    if run.get("recipe", {}).get("kind") != recipe_kind(draft):
        run.pop("recipe", None)
    own: dict[str, Any] = {"version": RUN_VERSION, "name": draft.name.strip()}
    if draft.gsd:
        own["gsd"] = draft.gsd
    own["sources"] = [_source(draft, source, files, project) for source in draft.sources]
    for role in LABELLED_ROLES:
        if draft.of_role(role):
            own[f"{role}_classes"] = [
                {"name": each.name.strip(), "color": each.color, "values": each.values}
                for each in draft.classes[role]
                if each.used
            ]
    budget = dict.fromkeys(("minutes", "epochs", "steps"))
    budget[draft.training.budget_kind] = _whole(draft.training.budget)
    own["background"] = draft.background
    kind = recipe_kind(draft)
    own["recipe"] = recipe_values(draft.recipe, kind, UNLABELLED in draft.roles())
    own["training"] = {
        "budget": budget,
        "chip_size": draft.training.chip_size,
        "batch_size": draft.training.batch_size,
        "device": draft.training.device,
        "seed": draft.training.seed,
    }
    own = merge_patch(own, option_patch(kind, chosen_options(draft.recipe, kind)), keep_null=True)
    if kind == DISTIL:
        card = teacher_card(draft)
        own = {**own, **decided(draft, card)}
        own["recipe"]["student"].update(heads_of(card))
    elif draft.recipe.start_from:
        own = merge_patch(own, started(draft, kind), keep_null=True)
    else:
        own["recipe"]["start_from"] = None
    run = merge_patch(run, own)
    if not run[TRAINING].get(AUGMENTATION):  # all as usual; runs of before these options say nothing of it either
        run[TRAINING].pop(AUGMENTATION, None)
    return run


def chosen_options(recipe: RecipeDraft, kind: str) -> dict[str, Any]:
    """All options of a recipe, by `Option.parameter`: what was chosen over the defaults."""
    defaults = {option.parameter: option.defaults[kind] for option in options_of(kind)}
    return {**defaults, **recipe.options.get(kind, {})}


def recipe_kind(draft: Draft) -> str:
    """The recipe chosen, or the one suggested."""
    return draft.recipe.kind or suggest(draft.roles())[0]


def recipe_values(recipe: RecipeDraft, kind: str, unlabelled: bool) -> dict[str, Any]:
    """A recipe as `run.json` has it."""
    student, teacher = {"size": recipe.student}, {"size": recipe.teacher}
    if kind == PARTIAL:
        return {
            "kind": kind,
            "student": student,
            "detection_teacher": teacher,
            "segmentation_teacher": teacher,
            "unlabelled": unlabelled,
        }
    if kind == SEMI:
        return {"kind": kind, "student": student, "first_teacher": teacher}
    if kind == DISTIL:
        return {"kind": kind, "package": TEACHER, "student": student}
    return {"kind": kind, "network": student}


def _source(draft: Draft, source: SourceDraft, files: Files, project: QgsProject) -> dict[str, Any]:
    layer = project.mapLayer(source.raster)
    entry: dict[str, Any] = {"raster": files.raster(source), "name": layer.name(), "role": source.role}
    if source.split != "auto":
        entry["split"] = source.split
    if source.labelled:
        entry["labels"] = _labels(draft, source, files, project)
        entry["area"] = {"kind": source.area}
        if source.area == AREA_LAYER:
            entry["area"].update(_named(files.area(source)))
    return entry


def _labels(draft: Draft, source: SourceDraft, files: Files, project: QgsProject) -> dict[str, Any]:
    left_out = [value for each in draft.classes[source.role] if not each.used for value in each.values]
    if label_kind(project.mapLayer(source.labels)) == CLASS_RASTER:
        ground = [] if draft.background or source.role != SEGMENTATION else [str(RASTER_BACKGROUND)]
        return {"path": files.labels(source), "ignore_values": left_out + ground}
    entry = {**_named(files.labels(source)), "field": CLASS_FIELD, "ignore_values": NO_CLASS + left_out}
    return {**entry, "box_size": source.box_size} if source.box_size else entry


def _named(path: str) -> dict[str, str]:
    return {"path": path, "layer": Path(path).stem}


def _whole(value: float) -> float:
    return int(value) if float(value).is_integer() else value

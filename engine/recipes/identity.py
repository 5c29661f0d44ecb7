"""What decides over a run's teachers, as one hash: sources by their content, settings by their values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import shapely

from .. import __version__
from ..config import ClassDefinition, Run
from ..data import Prepared, PreparedSource
from ..data.vector_labels import VectorLabels
from .plan import Plan

_OF_STUDENTS = {
    "partial_multitask": {
        *("student", "distillation", "soft_detection", "soft_segmentation", "temperature", "weights", "on_own_task"),
        *("ramp_up", "unlabelled", "co_training", "ema_teachers", "weak_labels", "weak_classes", "gate"),
        *("unlabelled_chips", "mirrored_answers", "calibrated_answers", "agreement_weights", "feature_teacher"),
        *("feature_teacher_model", "feature_teacher_bands", "feature_teacher_weight"),
    },
    "semi_supervised": {
        *("student", "weights", "confidence", "agreement", "co_training", "ema_teachers", "ramp_up"),
        *("thresholds", "complementary_dropout", "unlabelled_chips"),
    },
    "baseline": {"student", "weight", "confidence", "thresholds", "ramp_up"},
}
"""Settings of the stage after the teachers'."""
_OF_BOTH = {"teachers_from", "reuse_teachers", "start_from"}
"""Settings that say where weights come from; what a model to start from decides over teachers is in their networks."""


def teachers_of(plan: Plan) -> dict[str, str]:
    """The networks that are trained before the one that ships, and the stage of each."""
    return {name: stage.name for stage in plan.stages[:-1] for name in stage.validated}


def teachers_identity(run: Run, prepared: Prepared, plan: Plan, free: set[str]) -> str | None:
    """A hash that is the same where two runs would train the same teachers.

    Args:
        run: its settings.
        prepared: its sources.
        plan: with stages for the teachers, and encoders as they are at hand now.
        free: settings of training that do not decide over weights.

    Returns:
        none where the student or another model has a part in them: pretraining, learning without forgetting; or where
        not all of them are trained here.
    """
    teachers, recipe = teachers_of(plan), run.recipe
    if not teachers or getattr(recipe, "teachers_from", None):
        return None
    if run.training.pretraining or getattr(recipe, "learning_without_forgetting", 0.0):
        return None
    left_out = _OF_STUDENTS[recipe.kind] | _OF_BOTH | set(teachers)
    found = hashlib.sha256()
    for part in [
        __version__,
        recipe.model_dump(exclude=left_out),
        {name: plan.specs[name].model_dump() for name in teachers},
        {name: plan.networks[name].loaded for name in teachers},
        run.training.model_dump(exclude=free),
        [_class(each) for each in (*run.detection_classes, *run.segmentation_classes)],
        (run.background, run.split.seed),
        (prepared.gsd, prepared.bands, prepared.mean, prepared.std, prepared.dtype),
        [each.model_dump(exclude={"name"}) for each in prepared.source_statistics],
        *(each for source in prepared.sources for each in _source(source)),
    ]:
        found.update(part if isinstance(part, bytes) else repr(part).encode())
    return found.hexdigest()


def _class(definition: ClassDefinition) -> tuple[str, list[str]]:
    return definition.name, definition.label_values()


def _source(source: PreparedSource) -> Iterator[Any]:
    """Imagery by its file's size and time, labels and grounds by their geometries."""
    reader, grid = source.reader, source.reader.grid
    yield source.role, _file(reader.path), list(reader.bands), str(reader.nodata), reader.dtype
    yield grid.crs.to_wkt(), tuple(grid.transform), grid.width, grid.height
    if isinstance(source.labels, VectorLabels):
        for places in source.labels.batches():
            yield from shapely.to_wkb(source.labels.geometries_at(places))
            yield source.labels.classes_at(places).tolist()
    elif source.labels is not None:
        yield _file(source.labels.path)
    for ground in (source.area, source.training, source.validation, source.hidden):
        yield shapely.to_wkb(ground)


def _file(path: str) -> tuple[Any, ...]:
    """What tells a file's content from another's without reading it; of one that is far away, its address."""
    try:
        status = Path(path).stat()
    except OSError:
        return (path,)
    return status.st_size, status.st_mtime_ns

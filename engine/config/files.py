"""Reading and writing `run.json`: old versions are upgraded, errors name the key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ..errors import ConfigError, cannot_write
from ..files import read_object, write_text
from .recipes import WITH_TEACHERS, Continued, Distil, FeatureTaught
from .run import RUN_VERSION, Run, preset
from .validation import first_problem, shown

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


Model = TypeVar("Model", bound=BaseModel)
RUN_FILE = "run.json"

UPGRADERS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: from_first}
"""From a version to the function that turns its dictionary into the next version's."""
RECIPES = frozenset({"supervised", "partial_multitask", "semi_supervised", "distil", "baseline"})


def load_run(folder: Path | str) -> Run:
    """The run of a run folder (or of a run file), with every path made absolute.

    Raises:
        ConfigError: no such file, not JSON, a newer version, or a key that is unknown or wrong.
    """
    path = Path(folder)
    path = path if path.is_file() else path / RUN_FILE
    run = parse(Run, _upgraded(_read_json(path), path), str(path))
    return _absolute(run, path.parent.resolve())


def save_run(run: Run, folder: Path | str) -> Path:
    """Write `run.json` into a run folder, made where it is missing; paths inside it become relative.

    Raises:
        OutputError: the folder cannot be written.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / RUN_FILE
        write_text(path, _relative(run, folder.resolve()).model_dump_json(indent=2) + "\n", flush=True)
    except OSError as error:
        raise cannot_write(f"The run folder {folder}", folder, error) from error
    return path


def parse(model: type[Model], values: dict[str, Any], name: str) -> Model:
    """Validate a dictionary; the first problem becomes one sentence that names its key.

    Raises:
        ConfigError: a key is unknown, missing or has a wrong value.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_sentence(error, name)) from error


def _sentence(error: ValidationError, name: str) -> str:
    key, clause, kind = first_problem(error, RECIPES)
    if kind == "extra_forbidden":
        return f"{name} has the unknown key '{key}'; remove it or correct its spelling."
    return f"{name}: {key}: {clause}." if key else f"{name}: {clause}."


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return read_object(path)
    except OSError as error:
        raise ConfigError(f"There is no run file at {path}.") from error
    except ValueError as error:
        raise ConfigError(f"{path} cannot be read: {error}.") from error


def _upgraded(values: dict[str, Any], path: Path) -> dict[str, Any]:
    version = values.get("version", RUN_VERSION)
    if not isinstance(version, int) or version > RUN_VERSION:
        raise ConfigError(
            f"{path} has version {shown(version)}; this engine reads versions up to {RUN_VERSION}.", "Update GeoDistil."
        )
    while version < RUN_VERSION:
        if version not in UPGRADERS:
            raise ConfigError(f"{path} has version {shown(version)}, which this engine does not know.")
        values = UPGRADERS[version](values)
        version += 1
    return {**values, "version": RUN_VERSION}


def _with_paths(run: Run, change: Callable[[str], str]) -> Run:
    run = run.model_copy(deep=True)
    for source in run.sources:
        source.raster = change(source.raster)
        if source.labels is not None:
            source.labels.path = change(source.labels.path)
        if source.area.path:
            source.area.path = change(source.area.path)
    if isinstance(run.allow_remote, list):
        run.allow_remote = [change(place) for place in run.allow_remote]
    if isinstance(run.recipe, Distil):
        run.recipe.package = change(run.recipe.package)
    if isinstance(run.recipe, Continued) and run.recipe.start_from:
        run.recipe.start_from = change(run.recipe.start_from)
    if isinstance(run.recipe, FeatureTaught) and run.recipe.feature_teacher not in ("none", "hub"):
        run.recipe.feature_teacher = change(run.recipe.feature_teacher)
    if isinstance(run.recipe, WITH_TEACHERS) and run.recipe.teachers_from:
        run.recipe.teachers_from = _changed(run.recipe.teachers_from, change)
    return run


def _changed(named: Any, change: Callable[[str], str]) -> Any:
    """A path, and every one of a list or of a dictionary's values, changed."""
    if isinstance(named, dict):
        return {key: _changed(value, change) for key, value in named.items()}
    return [change(each) for each in named] if isinstance(named, list) else change(named)


def _absolute(run: Run, folder: Path) -> Run:
    def change(path: str) -> str:
        return path if "://" in path or path.startswith("/vsi") else str((folder / path).absolute())

    return _with_paths(run, change)


def _relative(run: Run, folder: Path) -> Run:
    def change(path: str) -> str:
        inside = Path(path).is_absolute() and Path(path).is_relative_to(folder)
        return str(Path(path).relative_to(folder)) if inside else path

    return _with_paths(run, change)

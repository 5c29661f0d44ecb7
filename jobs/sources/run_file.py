"""A draft as `run.json` and back, and where the files of a run lie."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from qgis.core import QgsMapLayer, QgsProject, QgsRasterLayer, QgsVectorLayer

from ..classes import NO_CLASS, RASTER_BACKGROUND
from ..errors import GeoDistilError
from ..folders import file_stem
from ..packages import heads_of
from ..run_folder import RUN_FILE, RUN_VERSION, merge_patch
from ..runs.archive import is_address
from ..runs.files import TEACHER
from ..servers.note import read_note
from ..servers.server import servers
from ..snapshots import CLASS_FIELD
from ..text_files import read_json
from ..translation import tr
from .draft import (
    AREA_LAYER,
    LABELLED_ROLES,
    SEGMENTATION,
    UNLABELLED,
    ClassDraft,
    Draft,
    RecipeDraft,
    SourceDraft,
    TrainingDraft,
)
from .facts import CLASS_RASTER, label_kind, raster_facts
from .option import AUGMENTATION, TRAINING
from .options import chosen_in, option_patch, options_of
from .problems import gone
from .suggestion import DISTIL, PARTIAL, RECIPES, SEMI, SUPERVISED, suggest
from .teaching import decided, started, teacher_card


class Files:
    """Paths of a draft's layers, as `run.json` has them: relative for copies, absolute for files left in place.

    Args:
        draft: the sources.
        project: where their layers are.

    Raises:
        GeoDistilError: a layer is no longer in the project.
    """

    def __init__(self, draft: Draft, project: QgsProject) -> None:
        if sentence := gone(draft, project):
            raise GeoDistilError("layer", sentence, tr("Go back to the sources."))
        self._project = project
        self.exports: dict[str, SourceDraft] = {}
        """Path of a GeoTIFF to be written -> its source."""
        self.labels_of: dict[str, list[SourceDraft]] = {}
        """Path of a label copy -> the sources that use it."""
        self.areas_of: dict[str, list[SourceDraft]] = {}
        """Path of a copy of a labelled area -> the sources that use it."""
        self._paths: dict[tuple[Any, ...], str] = {}
        for source in draft.sources:
            self._add(source)

    def raster(self, source: SourceDraft) -> str:
        """The source's imagery."""
        return self._paths["raster", source.raster, source.extent, source.pixel_size]

    def labels(self, source: SourceDraft) -> str:
        """The source's labels."""
        return self._paths["labels", source.labels, source.field]

    def area(self, source: SourceDraft) -> str:
        """The source's labelled area, of kind `layer`."""
        return self._paths["area", source.area_layer]

    def _add(self, source: SourceDraft) -> None:
        layer = self._project.mapLayer(source.raster)
        path = raster_facts(layer).path or self._free(f"rasters/{file_stem(layer.name())}", ".tif")
        known = self._paths.setdefault(("raster", source.raster, source.extent, source.pixel_size), path)
        if known == path and path.startswith("rasters/"):
            self.exports[path] = source
        if source.labelled:
            self._add_labels(source)
            if source.area == AREA_LAYER:
                self._copy(("area", source.area_layer), source.area_layer, self.areas_of, source)

    def _add_labels(self, source: SourceDraft) -> None:
        labels = self._project.mapLayer(source.labels)
        key = ("labels", source.labels, source.field)
        if label_kind(labels) == CLASS_RASTER:
            self._paths[key] = raster_facts(labels).path
        else:
            self._copy(key, source.labels, self.labels_of, source)

    def _copy(self, key: tuple[Any, ...], layer: str, users: dict[str, list[SourceDraft]], source: SourceDraft) -> None:
        if key not in self._paths:
            self._paths[key] = self._free(f"labels/{file_stem(self._project.mapLayer(layer).name())}", ".gpkg")
        users.setdefault(self._paths[key], []).append(source)

    def _free(self, stem: str, suffix: str) -> str:
        """A path that no other layer has, also where case does not count."""
        taken = {path.lower() for path in self._paths.values()}
        names = [f"{stem}{suffix}", *(f"{stem}_{number}{suffix}" for number in range(2, len(taken) + 3))]
        return next(name for name in names if name.lower() not in taken)


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


def draft_from_run(folder: Path, project: QgsProject) -> Draft:
    """The draft of a run folder; its layers are in the project afterwards.

    Raises:
        GeoDistilError: there is no run file, it has a preset, or a layer of it cannot be opened.
    """
    run = _read(folder)
    _refuse_preset(run, folder)
    layers = _Layers(folder, project)
    try:
        draft = Draft(
            sources=[_source_of(entry, layers) for entry in run["sources"]],
            background=run.get("background", True),
            recipe=_recipe(run, folder),
            training=_training(run.get("training") or {}),
            gsd=run.get("gsd") or 0.0,
            name=tr("{name} again").format(name=run.get("name", "model")),
            parent=str(folder.parent),
            server=_server(folder),
            template=run,
        )
        draft.classes = {role: _classes(run, role) for role in LABELLED_ROLES}
    except (KeyError, TypeError, AttributeError) as error:
        raise GeoDistilError(
            "config",
            tr("{folder} is not a run file that can be read: {error}.").format(folder=folder / RUN_FILE, error=error),
        ) from error
    return draft


def _server(folder: Path) -> str:
    """The server that trained the run, where it is still described."""
    note = read_note(folder)
    return note.server if note is not None and any(each.id == note.server for each in servers()) else ""


def _read(folder: Path) -> dict[str, Any]:
    path = folder / RUN_FILE
    try:
        run = read_json(path)
    except OSError as error:
        raise GeoDistilError(
            "config", tr("There is no run file at {path}.").format(path=path), tr("Choose a run folder.")
        ) from error
    except ValueError as error:
        raise GeoDistilError(
            "config", tr("{path} is not valid JSON: {error}.").format(path=path, error=error)
        ) from error
    if not isinstance(run, dict):
        raise GeoDistilError("config", tr("{path} must hold one JSON object.").format(path=path))
    return run


def _refuse_preset(run: dict[str, Any], folder: Path) -> None:
    """What a preset stands for only the engine knows; the wizard's own defaults would take its place."""
    if run.get("preset"):
        raise GeoDistilError(
            "config",
            tr("The run {folder} has the preset {preset}, which the wizard cannot show.").format(
                folder=folder, preset=run["preset"]
            ),
            tr("Train it from its folder, or write its settings out in run.json."),
        )


class _Layers:
    """Layers by file: those of the project first, each file opened once."""

    def __init__(self, folder: Path, project: QgsProject) -> None:
        self._folder, self._project = folder, project

    def raster(self, path: str, name: str = "") -> str:
        path = self._absolute(path)
        for layer in self._project.mapLayers().values():
            if isinstance(layer, QgsRasterLayer) and layer.isValid() and raster_facts(layer).path == path:
                return layer.id()
        return self._added(QgsRasterLayer(path, name or Path(path).stem), path)

    def vector(self, entry: dict[str, Any]) -> str:
        source = self._absolute(entry["path"])
        if entry.get("layer"):
            source += f"|layername={entry['layer']}"
        if entry.get("where"):
            source += f"|subset={entry['where']}"
        for layer in self._project.mapLayers().values():
            if isinstance(layer, QgsVectorLayer) and layer.source() == source:
                return layer.id()
        return self._added(QgsVectorLayer(source, entry.get("layer") or Path(entry["path"]).stem, "ogr"), source)

    def labels(self, entry: dict[str, Any]) -> str:
        """A label layer; without a layer name and not a vector file, it is a class raster."""
        path = self._absolute(entry["path"])
        if not entry.get("layer") and not QgsVectorLayer(path, "probe", "ogr").isValid():
            return self.raster(path)
        return self.vector(entry)

    def _absolute(self, path: str) -> str:
        return path if is_address(path) else str((self._folder / path).absolute())

    def _added(self, layer: QgsMapLayer, path: str) -> str:
        if not layer.isValid():
            raise GeoDistilError(
                "config",
                tr("{path} cannot be opened.").format(path=path),
                tr("Put the file back where the run had it."),
            )
        self._project.addMapLayer(layer)
        return layer.id()


def _source_of(entry: dict[str, Any], layers: _Layers) -> SourceDraft:
    source = SourceDraft(
        layers.raster(entry["raster"], entry.get("name", "")), entry["role"], split=entry.get("split", "auto")
    )
    labels, area = entry.get("labels"), entry.get("area") or {"kind": "raster"}
    if not labels:
        return source
    return replace(
        source,
        labels=layers.labels(labels),
        field=labels.get("field") or "",
        box_size=labels.get("box_size") or 0.0,
        area=area["kind"],
        area_layer=layers.vector(area) if area["kind"] == AREA_LAYER else "",
    )


def _classes(run: dict[str, Any], role: str) -> list[ClassDraft]:
    used = [
        ClassDraft(each["name"], each.get("color", "#e41a1c"), each.get("values") or [each["name"]])
        for each in run.get(f"{role}_classes") or []
    ]
    entries = [source["labels"] for source in run["sources"] if source["role"] == role and source.get("labels")]
    ignored = {value for entry in entries for value in entry.get("ignore_values") or [] if value not in NO_CLASS}
    return used + [ClassDraft(value, "#808080", [value], used=False) for value in sorted(ignored)]


def _recipe(run: dict[str, Any], folder: Path) -> RecipeDraft:
    values, usual = run["recipe"], RecipeDraft()
    kind = values["kind"] if values["kind"] in RECIPES else ""
    student = values.get("network" if kind == SUPERVISED else "student") or {}
    teacher = values.get("first_teacher" if kind == SEMI else "detection_teacher") or {}
    return RecipeDraft(
        kind=kind,
        student=student.get("size", usual.student),
        teacher=teacher.get("size", usual.teacher),
        package=str(folder / values["package"]) if kind == DISTIL else "",
        start_from=str(folder / values["start_from"]) if values.get("start_from") else "",
        options={kind: chosen_in(kind, run)} if kind else {},
    )


def _training(values: dict[str, Any]) -> TrainingDraft:
    usual = TrainingDraft()
    budget = {kind: value for kind, value in (values.get("budget") or {}).items() if value}
    kind, amount = next(iter(budget.items()), ("steps", 3000))
    return TrainingDraft(
        budget_kind=kind,
        budget=amount,
        chip_size=values.get("chip_size", usual.chip_size),
        batch_size=values.get("batch_size", usual.batch_size),
        device=values.get("device", usual.device),
        seed=values.get("seed", usual.seed),
    )

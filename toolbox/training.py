"""What the training algorithms share: sources of any role, budget, network sizes, run folder, model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputFile,
    QgsProcessingOutputHtml,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
    QgsProcessingUtils,
)

from ..jobs.errors import CancelledError, GeoDistilError
from ..jobs.folders import free_place
from ..jobs.given import given
from ..jobs.packages import copy_teacher, package_path, read_card
from ..jobs.progress import headed, spoken
from ..jobs.run_folder import RoleLayers, RunFolder, RunSettings, merge_patch
from ..jobs.runs.files import START, remember
from ..jobs.sources.options import option_patch
from ..jobs.sources.place import folder_name, runs_folder
from ..jobs.sources.suggestion import SIZES as MEASURED_SIZES
from ..jobs.sources.suggestion import size_text
from ..jobs.sources.teaching import start_patch, start_refused
from ..jobs.translation import tr
from .base import EngineAlgorithm, Parameters, Results, advanced, explained, sentences
from .fetchimagery import telling
from .parameters import (
    LABELS,
    box_size_problem,
    chosen_options,
    labelled_parameters,
    model_parameter,
    option_parameters,
    rasters_parameter,
    role_layers,
    service_part,
)

SIZES = ["small", "medium", "large", "nano"]
"""Models store a choice by its place, so that new sizes come last."""
CHECKPOINT_SECONDS = 90.0
"""Grace after a cancel: the step at hand ends and a checkpoint is written."""

Integer = QgsProcessingParameterNumber.Type.Integer
Double = QgsProcessingParameterNumber.Type.Double


class TrainingAlgorithm(EngineAlgorithm):
    """Trains a run folder; subclasses say which sources it has and by which recipe."""

    ICON = "train"
    GROUP = ("train", tr("Train"))
    KIND = ""
    """The recipe's name in `run.json`."""
    STARTS = True
    """Whether it can start from a model."""
    METRICS: dict[str, tuple[str, str]] = {}  # noqa: RUF012
    """Number outputs: name -> (the engine's metric, description)."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = Path()
        self._start: Path | None = None
        self._run: RunFolder | None = None

    def add_sources(self) -> None:
        """Add the parameters that name layers."""
        raise NotImplementedError

    def sources(self, parameters: Parameters, context: QgsProcessingContext) -> list[RoleLayers]:
        """The layers by role."""
        raise NotImplementedError

    def recipe(self, parameters: Parameters, context: QgsProcessingContext) -> dict[str, Any]:
        """The recipe as `run.json` has it."""
        raise NotImplementedError

    def add_recipe(self) -> None:
        """Add the recipe's own parameters."""
        raise NotImplementedError

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """Sources, budget, recipe, details, outputs."""
        self.add_sources()
        self._add_general()
        self.add_recipe()
        if self.STARTS:
            self._add_start()
        self._add_details()
        self._add_outputs()

    def problem(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        """Points need a box size, the options must be a JSON object, the chip a multiple of 32."""
        if problem := box_size_problem(self, parameters, context):
            return problem
        try:
            options = json.loads(self.parameterAsString(parameters, "OPTIONS", context) or "{}")
        except ValueError as error:
            return tr("The options are not valid JSON: {error}.").format(error=error)
        if not isinstance(options, dict):
            return tr('The options must be a JSON object, for example {"training": {"learning_rate": 0.0005}}.')
        if self.parameterAsInt(parameters, "CHIP_SIZE", context) % 32:
            return tr("The chip size must be a multiple of 32.")
        return self._start_problem(parameters, context)

    def _start_problem(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        """The model to start from must be a package that has just the tasks of the labels."""
        if not (text := self._start_text(parameters, context)):
            return ""
        try:
            card = read_card(package_path(text))
        except GeoDistilError as error:
            return str(error)
        roles = [layers.role for layers in self.sources(parameters, context) if layers.role != "unlabelled"]
        return start_refused(card, roles)

    def _start_text(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        return self.parameterAsString(parameters, "START_FROM", context) if self.STARTS else ""

    def look(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> None:
        """Look at the layers; on the main thread, where they live."""
        self._folder = self._run_folder(parameters, context)
        options = option_patch(self.KIND, chosen_options(self, self.KIND, parameters, context))
        text = self._start_text(parameters, context)
        self._start = package_path(text) if text else None
        start = start_patch(read_card(self._start), self.KIND) if self._start else {"recipe": {}}
        recipe = merge_patch(self.recipe(parameters, context), start.pop("recipe"))
        settings = RunSettings(
            name=self.parameterAsString(parameters, "NAME", context) or "model",
            gsd=self.parameterAsDouble(parameters, "GSD", context) or None,
            recipe=merge_patch(recipe, options["recipe"]),
            training=merge_patch(self._training(parameters, context), options["training"]),
            options=merge_patch(start, json.loads(self.parameterAsString(parameters, "OPTIONS", context) or "{}")),
        )
        self._run = RunFolder(self._folder, self.sources(parameters, context), settings)

    def _run_folder(self, parameters: Parameters, context: QgsProcessingContext) -> Path:
        """The folder asked for; QGIS's temporary ones go when it closes, and a run must not."""
        chosen = self.parameterAsFileOutput(parameters, "RUN_FOLDER", context)
        if chosen and Path(QgsProcessingUtils.tempFolder()) not in Path(chosen).parents:
            return Path(chosen)
        name = folder_name(self.parameterAsString(parameters, "NAME", context)) or "model"
        return free_place(runs_folder(), name, form="{stem} {number}")

    def write_run(self, feedback: QgsProcessingFeedback) -> bool:
        """Write the run folder, complete; on the worker, because labels are copied and services fetched.

        Returns:
            Whether it is there; not where it was cancelled.

        Raises:
            QgsProcessingException: it cannot be written, in one sentence.
        """
        with sentences(feedback):
            try:
                given(self._run).write(telling(feedback), feedback.isCanceled)
            except CancelledError:
                return False
            if self._start:
                copy_teacher(self._start, self._folder, START)
        return True

    def work(self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> Results:
        """Write the run folder, let the engine train, and follow it."""
        if not self.write_run(feedback):
            return {}
        remember(self._folder)  # the runs dock lists it from now on
        ending = self.run_engine(["train", str(self._folder)], self._folder, feedback, CHECKPOINT_SECONDS)
        if ending.get("kind") != "finished":
            return self._stopped(feedback)
        outputs = ending["outputs"]
        metrics = outputs.get("metrics", {})
        numbers = {name: metrics[key] for name, (key, _) in self.METRICS.items() if metrics.get(key) is not None}
        return {"RUN_FOLDER": str(self._folder), "MODEL": outputs["model"], "REPORT": outputs["report"], **numbers}

    def _stopped(self, feedback: QgsProcessingFeedback) -> Results:
        sentence = tr(
            "The training stopped; run it again with the same settings and folder {folder} to continue."
        ).format(folder=self._folder)
        if not feedback.isCanceled():
            raise QgsProcessingException(sentence)
        feedback.pushWarning(sentence)
        return {"RUN_FOLDER": str(self._folder)}

    def _training(self, parameters: Parameters, context: QgsProcessingContext) -> dict[str, Any]:
        return {
            "budget": self._budget(parameters, context),
            "chip_size": self.parameterAsInt(parameters, "CHIP_SIZE", context),
            "batch_size": self.parameterAsInt(parameters, "BATCH_SIZE", context),
            "device": self.parameterAsString(parameters, "DEVICE", context) or "auto",
            "seed": self.parameterAsInt(parameters, "SEED", context),
        }

    def _budget(self, parameters: Parameters, context: QgsProcessingContext) -> dict[str, float]:
        """Steps or epochs where they are given, minutes otherwise."""
        if steps := self.parameterAsInt(parameters, "STEPS", context):
            return {"steps": steps}
        if epochs := self.parameterAsDouble(parameters, "EPOCHS", context):
            return {"epochs": epochs}
        return {"minutes": self.parameterAsDouble(parameters, "MINUTES", context)}

    # parameters in groups

    def add_labelled(self, role: str, optional: bool = False) -> None:
        """Add the layers of one labelled role."""
        for parameter in labelled_parameters(role, optional):
            self.addParameter(parameter)

    def add_unlabelled(self, optional: bool) -> None:
        """Add the unlabelled rasters."""
        self.addParameter(rasters_parameter("UNLABELLED_RASTERS", tr("Unlabelled imagery"), optional))

    def labelled(self, role: str, parameters: Parameters, context: QgsProcessingContext) -> RoleLayers:
        """The layers of one labelled role."""
        return role_layers(self, role, parameters, context)

    def unlabelled(self, parameters: Parameters, context: QgsProcessingContext) -> list[RoleLayers]:
        """The unlabelled role, where there is imagery for it."""
        rasters = self.parameterAsLayerList(parameters, "UNLABELLED_RASTERS", context)
        return [RoleLayers("unlabelled", rasters, part=service_part(self, parameters, context))] if rasters else []

    def add_size(self, name: str, text: str, default: str) -> None:
        """Add a choice of network size."""
        titles = {size.name: size_text(size) for size in MEASURED_SIZES}
        shown = [titles[size] for size in SIZES]
        self.addParameter(QgsProcessingParameterEnum(name, text, shown, defaultValue=SIZES.index(default)))

    def size(self, name: str, parameters: Parameters, context: QgsProcessingContext) -> dict[str, Any]:
        """A network of the chosen size, as `run.json` has it."""
        return {"size": SIZES[self.parameterAsEnum(parameters, name, context)]}

    def _add_start(self) -> None:
        parameter = model_parameter("START_FROM", tr("Start from a model (folder, zip, or item.json)"), foreign=False)
        parameter.setFlags(parameter.flags() | QgsProcessingParameterDefinition.Flag.FlagOptional)
        self.addParameter(
            explained(
                parameter,
                tr(
                    "Training goes on from what the model knows: classes of the same name are kept, others are learned "
                    "anew. Its network, bands and ground sampling distance are taken, whatever is chosen here."
                ),
            )
        )

    def _add_reading(self) -> None:
        """What says how sources are read, of the general parameters."""
        self._add_general()
        for name in ("NAME", "MINUTES", "EPOCHS", "STEPS"):
            self.removeParameter(name)

    def _add_general(self) -> None:
        self.addParameter(
            advanced(
                explained(
                    QgsProcessingParameterExtent(
                        "SERVICE_EXTENT", tr("Web services: the extent that is fetched"), optional=True
                    ),
                    tr(
                        "Of XYZ, WMTS and WMS layers only this part comes into the run folder, at the ground sampling "
                        "distance chosen, else the service's finest. Empty: that of the labelled area, else of the "
                        "labels; imagery without labels needs it."
                    ),
                )
            )
        )
        self.addParameter(
            explained(
                QgsProcessingParameterBoolean("SELECTED_ONLY", tr("Label layers: selected features only"), False),
                tr("Label and area layers without a selection are used whole. Layer filters always apply."),
            )
        )
        self.addParameter(
            advanced(
                explained(
                    QgsProcessingParameterBoolean(
                        "BACKGROUND",
                        tr("Segmentation: ground without a label is a class of its own (background)"),
                        True,
                    ),
                    tr("Turn it off where the classes cover everything: ground without a label then counts nowhere."),
                )
            )
        )
        self.addParameter(QgsProcessingParameterString("NAME", tr("Name of the model"), "model"))
        self.addParameter(
            explained(
                QgsProcessingParameterNumber(
                    "GSD", tr("Ground sampling distance (metres)"), Double, optional=True, minValue=0
                ),
                tr("Metres of ground per pixel the model sees; empty: that of the finest labelled raster."),
            )
        )
        self.addParameter(
            QgsProcessingParameterNumber("MINUTES", tr("Training time (minutes)"), Double, 60, minValue=0.1)
        )
        self.addParameter(
            advanced(
                QgsProcessingParameterNumber(
                    "EPOCHS", tr("Training epochs (instead of minutes)"), Double, optional=True, minValue=0.01
                )
            )
        )
        self.addParameter(
            QgsProcessingParameterNumber(
                "STEPS", tr("Training steps (instead of minutes)"), Integer, optional=True, minValue=1
            )
        )

    def _add_details(self) -> None:
        for parameter in option_parameters(self.KIND):
            self.addParameter(parameter)
        for parameter in (
            QgsProcessingParameterNumber(
                "CHIP_SIZE", tr("Chip size (pixels)"), Integer, 256, minValue=64, maxValue=2048
            ),
            QgsProcessingParameterNumber("BATCH_SIZE", tr("Chips in a batch"), Integer, 8, minValue=1),
            QgsProcessingParameterString("DEVICE", tr("Device (auto, all, cpu, cuda, cuda:1, mps)"), "auto"),
            QgsProcessingParameterNumber("SEED", tr("Seed"), Integer, 0, minValue=0),
            explained(
                QgsProcessingParameterString("OPTIONS", tr("More settings (JSON)"), "", multiLine=True, optional=True),
                tr(
                    "Merged into run.json key by key; null removes a key. For example "
                    '{"training": {"learning_rate": 0.0005}, "split": {"validation": 0.3}}.'
                ),
            ),
        ):
            self.addParameter(advanced(parameter))

    def _add_outputs(self) -> None:
        self.addParameter(
            explained(
                QgsProcessingParameterFolderDestination("RUN_FOLDER", tr("Run folder")),
                tr("Left at its default: a new folder, named as the model, in your folder for runs."),
            )
        )
        self.addOutput(QgsProcessingOutputFile("MODEL", tr("Model package")))
        self.addOutput(QgsProcessingOutputHtml("REPORT", tr("Report")))
        for name, (_, description) in self.METRICS.items():
            self.addOutput(QgsProcessingOutputNumber(name, description))


class AnySources(TrainingAlgorithm):
    """Boxes, areas and unlabelled imagery, as far as there are any."""

    UNLABELLED = True
    NEEDED: tuple[str, ...] = tuple(LABELS)
    """Roles of which there must be at least one."""

    def add_sources(self) -> None:
        """Boxes, areas, and imagery without labels."""
        self.add_labelled_sources()
        if self.UNLABELLED:
            self.add_unlabelled(optional=True)

    def add_labelled_sources(self) -> None:
        """Boxes and areas, neither required."""
        for role in LABELS:
            self.add_labelled(role, optional=True)

    def sources(self, parameters: Parameters, context: QgsProcessingContext) -> list[RoleLayers]:
        """The roles that have imagery."""
        layers = [self.labelled(role, parameters, context) for role in self.roles(parameters, context)]
        return layers + (self.unlabelled(parameters, context) if self.UNLABELLED else [])

    def roles(self, parameters: Parameters, context: QgsProcessingContext) -> list[str]:
        """The labelled roles that have imagery."""
        return [role for role in LABELS if self.parameterAsLayerList(parameters, f"{role.upper()}_RASTERS", context)]

    def problem(self, parameters: Parameters, context: QgsProcessingContext) -> str:
        """Imagery and labels go together, and something must be there."""
        given = set(self.roles(parameters, context))
        for role in LABELS:
            labels = self.parameterAsLayer(parameters, f"{role.upper()}_LABELS", context)
            if (labels is None) == (role in given):
                return tr("{role} needs both imagery and labels, or neither.").format(role=headed(spoken(role)))
        if self.UNLABELLED and self.unlabelled(parameters, context):
            given.add("unlabelled")
        if not given & set(self.NEEDED):
            names = tr(" or ").join(map(spoken, self.NEEDED))
            return tr("There is nothing to work on: give imagery for {names}.").format(names=names)
        return super().problem(parameters, context)

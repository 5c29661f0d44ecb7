"""What a run is: `run.json` as validated models, whose fields document themselves, and its named settings.

What the papers leave open in their presets is taken from the authors' public code (lhoangan/multas) or named here as
our reading; docs/methods.md and docs/datasets.md say which is which.

Paths are relative to the run folder or absolute. Unknown keys are errors that name the key.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..errors import ConfigError
from .recipes import Network, PartialMultitask, Recipe, SemiSupervised, SslkdWeights
from .validation import (
    BOUNDED,
    DEVICE,
    MOST_CLASSES,
    Address,
    Bands,
    Colour,
    Filter,
    Metres,
    Name,
    Nodata,
    Seed,
    Value,
    Word,
    shown,
)

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


Kind = TypeVar("Kind")
RUN_VERSION = 2


class Section(BaseModel):
    """A part of a run file: unknown keys are refused, assignments are checked."""

    model_config = ConfigDict(**BOUNDED, validate_assignment=True)


class Labels(Section):
    """A label layer: vector features, or (for segmentation) a class raster."""

    path: Address = Field(description="Vector file or class raster.")
    layer: Word | None = Field(None, description="Layer name, for files that hold several.")
    field: Word | None = Field(None, description="Class field; none: all are of the first class.")
    where: Filter | None = Field(None, description="Attribute filter (SQL), for example \"split = 'train'\".")
    box_size: Metres | None = Field(None, description="Side of the box around a point label, in metres.")
    ignore_values: list[Value] = Field(
        default_factory=list,
        max_length=10_000,
        description="Class values left out: their areas count nowhere in training or scoring.",
    )


class Area(Section):
    """A labelled area: inside it the absence of a label means background, outside it nothing counts."""

    kind: Literal["layer", "hull", "raster"] = Field(
        "layer", description="Polygons of a layer, the convex hull of the labels, or the whole raster."
    )
    path: Address | None = Field(None, description="Polygon layer, for kind layer.")
    layer: Word | None = Field(None, description="Layer name, for files that hold several.")
    where: Filter | None = Field(None, description="Attribute filter (SQL) on the polygons.")

    @model_validator(mode="after")
    def _layer_needs_path(self) -> Area:
        if self.kind == "layer" and not self.path:
            raise ValueError("a labelled area of kind 'layer' needs a path")
        return self


class Source(Section):
    """A raster plus its role."""

    raster: Address = Field(description="Any raster that GDAL opens.")
    role: Literal["detection", "segmentation", "unlabelled"] = Field(description="What the raster is labelled for.")
    name: Word = Field("", description="A short name for messages; the file's stem where empty.")
    labels: Labels | None = Field(None, description="The label layer; required unless unlabelled.")
    area: Area = Field(default_factory=lambda: Area(kind="raster"), description="The labelled area.")
    bands: Bands | None = Field(None, description="Bands to read, counted from 1; none means the run's.")
    split: Literal["auto", "train", "validation"] = Field(
        "auto", description="Divided into blocks, or all of it for training or for validation."
    )
    nodata: Nodata | None = Field(None, description="No-data value, where the file does not say or says wrongly.")

    @model_validator(mode="after")
    def _labelled_needs_labels(self) -> Source:
        if self.role != "unlabelled" and self.labels is None:
            raise ValueError(f"source '{self.name or self.raster}' has the role {self.role} and no labels")
        return self


class ClassDefinition(Section):
    """A class: its name, its colour, and the label values that mean it."""

    name: Name = Field(description="The name shown on maps.")
    color: Colour = Field("#e41a1c", description="Colour as #rrggbb.")
    values: list[Value] = Field(
        default_factory=list,
        max_length=10_000,
        description="Label values of this class, as text; empty means the name itself.",
    )

    def label_values(self) -> list[str]:
        """The label values that mean this class."""
        return self.values or [self.name]


class Split(Section):
    """How the labelled area is divided: spatial blocks, some of them for validation."""

    validation: float = Field(0.2, gt=0, lt=1, description="Share of the blocks used for validation.")
    block_size: Metres | None = Field(None, description="Side of a block in metres; none picks it from the area.")
    buffer: float | None = Field(
        None,
        ge=0,
        le=1e6,
        description="Metres left unused around validation blocks; none: half a chip, at most 1/8 block.",
    )
    seed: Seed = Field(0, description="Seed of the assignment of blocks.")


class Budget(Section):
    """How long to train, all stages together: exactly one of steps, epochs or minutes."""

    steps: int | None = Field(None, ge=1, le=10**9, description="Optimiser steps over all stages.")
    epochs: float | None = Field(None, gt=0, le=1e7, description="Passes over the labelled area, over all stages.")
    minutes: float | None = Field(None, gt=0, le=1e7, description="Wall-clock minutes over all stages.")

    @model_validator(mode="after")
    def _exactly_one(self) -> Budget:
        if sum(value is not None for value in (self.steps, self.epochs, self.minutes)) != 1:
            raise ValueError("give the budget in exactly one of steps, epochs or minutes")
        return self


class Augmentation(Section):
    """Random changes of the training chips; boxes and masks follow."""

    dihedral: bool = Field(True, description="Flips and quarter turns.")
    scale: float = Field(0.25, ge=0, lt=1, description="Largest relative change of scale.")
    color: float = Field(0.2, ge=0, le=1, description="Strength of brightness, contrast and band changes.")
    strong_color: float = Field(0.5, ge=0, le=1, description="The same for the strong views of unlabelled chips.")
    mosaic: float = Field(
        0.0, ge=0, le=1, description="Share of detection's chips that are put together from four places of a source."
    )
    copy_paste: float = Field(
        0.0, ge=0, le=1, description="Share of detection's chips that get labelled objects of other places of a source."
    )


class Training(Section):
    """The loop's settings."""

    budget: Budget = Field(default_factory=lambda: Budget(steps=3000), description="How long to train.")
    batch_size: int = Field(8, ge=1, le=4096, description="Chips in a batch, per role.")
    chip_size: int = Field(256, ge=64, le=4096, multiple_of=32, description="Side of a chip in pixels.")
    pretraining: float = Field(
        0.0, ge=0, lt=1, description="Share of the budget in which encoders learn from all imagery without labels."
    )
    optimizer: Literal["adamw", "sgd"] = Field("adamw", description="AdamW, or SGD with momentum 0.9.")
    learning_rate: float = Field(1e-3, gt=0, le=10, description="Peak learning rate.")
    encoder_lr_factor: float | None = Field(
        None, gt=0, le=10, description="Encoders' share of the learning rate; none: 1, or less for pretrained ones."
    )
    weight_decay: float = Field(1e-2, ge=0, le=10, description="Weight decay.")
    warmup: float = Field(0.05, ge=0, lt=1, description="Share of a stage over which the learning rate rises.")
    ema_decay: float = Field(0.998, ge=0, lt=1, description="Decay of the moving average of the weights; 0 is off.")
    clip_norm: float = Field(5.0, gt=0, le=1e6, description="Largest norm of the gradient.")
    validations: int = Field(8, ge=1, le=100_000, description="Validations in each stage.")
    validation_chips: int = Field(256, ge=1, le=10**6, description="Chips a task is validated on, at most.")
    mirrored_validation: bool = Field(
        False, description="Weights are chosen by answers averaged over a chip and its three mirror images."
    )
    rare_class_share: float = Field(
        0.5, ge=0, le=1, description="Share of the chips that are drawn around a label, rare classes first."
    )
    source_statistics: bool = Field(
        False,
        description="Standardise each raster by its own mean and deviation: for several sensors or dates in one run.",
    )
    augmentation: Augmentation = Field(default_factory=Augmentation, description="Random changes of the chips.")
    statistics_noise: float = Field(
        0.5, ge=0, le=1, description="Probability that a batch's feature statistics are perturbed; 0 is off."
    )
    class_balance: float = Field(
        0.0, ge=0, le=1, description="How far chips drawn around labels show all classes alike; 0: rare ones first."
    )
    patience: int = Field(
        0,
        ge=0,
        le=100_000,
        description="Validations in a row without a better score after which a stage ends; 0 is off.",
    )
    device: str = Field(
        "auto",
        pattern=DEVICE,
        max_length=8,
        description="auto, cpu, cuda, cuda:1, mps, or all: every graphics card of the machine shares each batch.",
    )
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed"] = Field("auto", description="Arithmetic.")
    workers: int | None = Field(None, ge=0, le=256, description="Reading processes; none picks by the machine.")
    seed: Seed = Field(0, description="Seed of weights, sampling and augmentation.")

    @model_validator(mode="after")
    def _balance_needs_labels(self) -> Training:
        if self.class_balance and not self.rare_class_share:
            raise ValueError("class_balance is of chips drawn around labels, and rare_class_share 0 draws none")
        return self


class Run(Section):
    """A run file."""

    version: int = Field(RUN_VERSION, ge=1, le=RUN_VERSION, description="Version of this format.")
    preset: Word = Field("", description="Named settings of recipe and training; what this file gives itself counts.")
    name: Name = Field("run", description="The run's and its model's name.")
    gsd: Metres | None = Field(
        None,
        description="Ground sampling distance of the model in metres; none: the finest labelled source's.",
    )
    bands: Bands | None = Field(
        None,
        description="Bands to read, counted from 1; none: the colour bands of the first labelled source.",
    )
    sources: list[Source] = Field(min_length=1, max_length=10_000, description="The rasters and their roles.")
    detection_classes: list[ClassDefinition] = Field(
        default_factory=list, max_length=MOST_CLASSES, description="Classes found as boxes."
    )
    segmentation_classes: list[ClassDefinition] = Field(
        default_factory=list, max_length=MOST_CLASSES, description="Classes found as areas."
    )
    background: bool = Field(
        True, description="Whether unlabelled ground inside a labelled area is a segmentation class of its own."
    )
    allow_remote: bool | Annotated[list[Address], Field(max_length=1000)] = Field(
        False,
        description="Where files (virtual rasters, services) may reach besides what lies beside them or is named here: "
        "anywhere, or folders and addresses.",
    )
    recipe: Recipe = Field(description="How the networks are trained.")
    split: Split = Field(default_factory=Split, description="Training and validation blocks.")
    training: Training = Field(default_factory=Training, description="The loop's settings.")

    @model_validator(mode="before")
    @classmethod
    def _take_preset(cls, values: Any) -> Any:
        return filled(values) if isinstance(values, dict) else values

    @model_validator(mode="after")
    def _roles_need_classes(self) -> Run:
        for role, classes in (("detection", self.detection_classes), ("segmentation", self.segmentation_classes)):
            if any(source.role == role for source in self.sources) and not classes:
                raise ValueError(f"there are {role} sources and no {role}_classes")
            names = [definition.name for definition in classes]
            if len(set(names)) < len(names):
                raise ValueError(f"two {role}_classes share a name")
        return self

    def named(self) -> list[str]:
        """All files and addresses of its sources."""
        paths = [(each.raster, each.labels and each.labels.path, each.area.path) for each in self.sources]
        return [path for source in paths for path in source if path]

    def segmentation_channels(self) -> list[ClassDefinition]:
        """The segmentation network's channels in order: background first where it is a class."""
        background = [ClassDefinition(name="background", color="#000000", values=[])] if self.background else []
        return background + list(self.segmentation_classes)


def recipe_of(run: Run, kind: type[Kind]) -> Kind:
    """The recipe of a run that is known to be of a kind.

    Raises:
        TypeError: it is of another, which is a mistake in the program.
    """
    if not isinstance(run.recipe, kind):
        raise TypeError(f"The recipe {run.recipe.kind} is no {kind.__name__}.")
    return run.recipe

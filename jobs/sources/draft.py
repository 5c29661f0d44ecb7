"""What a person has typed on their way to a run; plain values, so that going back loses nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DETECTION, SEGMENTATION, UNLABELLED = "detection", "segmentation", "unlabelled"
ROLES = (DETECTION, SEGMENTATION, UNLABELLED)
LABELLED_ROLES = (DETECTION, SEGMENTATION)

WHOLE, HULL, AREA_LAYER = "raster", "hull", "layer"
"""Kinds of labelled area, as `run.json` calls them."""


@dataclass
class SourceDraft:
    """A raster and its role. Layers are named by their ids in the project.

    Args:
        raster: the raster layer.
        role: what it is labelled for.
        labels: the label layer; empty for unlabelled sources.
        field: class field; empty where all labels are of one class.
        area: kind of labelled area.
        area_layer: its polygons, for kind `layer`.
        box_size: side of the box around a point label, in metres; 0 where none is given.
        extent: what is exported of a raster that is no file: west, south, east, north in the raster's CRS.
        pixel_size: of that export in the units of the raster's CRS, of a web service in metres on the ground; 0 is the
            raster's own, or the service's finest.
        split: divided into blocks (`auto`), or all of it for `train` or `validation`.
    """

    raster: str
    role: str = UNLABELLED
    labels: str = ""
    field: str = ""
    area: str = WHOLE
    area_layer: str = ""
    box_size: float = 0.0
    extent: tuple[float, float, float, float] | None = None
    pixel_size: float = 0.0
    split: str = "auto"

    @property
    def labelled(self) -> bool:
        """Whether it is to have labels."""
        return self.role in LABELLED_ROLES


@dataclass
class ClassDraft:
    """A class: its name and colour, the label values that mean it, and whether it is learned or left out."""

    name: str
    color: str
    values: list[str]
    used: bool = True


@dataclass
class RecipeDraft:
    """How networks are trained.

    Args:
        kind: the recipe; empty follows the suggestion.
        student: size of the network that ships.
        teacher: size of its teachers.
        package: the model package that teaches, for `distil`.
        card: that package's card, once it is read; empty before.
        start_from: the model package that other recipes start from; empty starts anew.
        start_card: that package's card, likewise.
        options: of each recipe, what is not left as it was: `Option.parameter` -> value.
    """

    kind: str = ""
    student: str = "small"
    teacher: str = "medium"
    package: str = ""
    card: dict[str, Any] = field(default_factory=dict)
    start_from: str = ""
    start_card: dict[str, Any] = field(default_factory=dict)
    options: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class TrainingDraft:
    """The loop's settings that a person chooses; `budget_kind` is minutes, epochs or steps."""

    budget_kind: str = "minutes"
    budget: float = 60.0
    chip_size: int = 256
    batch_size: int = 8
    device: str = "auto"
    seed: int = 0


@dataclass
class Draft:
    """A run on its way.

    Args:
        sources: rasters and roles.
        classes: the class list of each labelled role.
        background: whether unlabelled ground is a segmentation class of its own.
        recipe: how networks are trained.
        training: the loop's settings.
        gsd: ground sampling distance in metres; 0 is the finest labelled raster's.
        name: the run's name, and its folder's.
        parent: the folder that holds the run folder.
        predict: ids of the rasters to predict when the training is done.
        server: id of the server that trains it; empty is this machine.
        wait: whether it starts only when no other training uses its device.
        template: the `run.json` this draft was made from; what the wizard has no field for is kept from it.
    """

    sources: list[SourceDraft] = field(default_factory=list)
    classes: dict[str, list[ClassDraft]] = field(default_factory=lambda: {role: [] for role in LABELLED_ROLES})
    background: bool = True
    recipe: RecipeDraft = field(default_factory=RecipeDraft)
    training: TrainingDraft = field(default_factory=TrainingDraft)
    gsd: float = 0.0
    name: str = "model"
    parent: str = ""
    predict: list[str] = field(default_factory=list)
    server: str = ""
    wait: bool = True
    template: dict[str, Any] = field(default_factory=dict)

    def of_role(self, role: str) -> list[SourceDraft]:
        """The sources of a role."""
        return [source for source in self.sources if source.role == role]

    def roles(self) -> set[str]:
        """The roles that have sources."""
        return {source.role for source in self.sources}

"""What a person has typed on their way to a run, as plain values, and the class lists that follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from qgis.core import QgsMapLayer, QgsPalettedRasterRenderer, QgsProject, QgsRasterLayer

from ..classes import PALETTE, category_symbols, natural_order, value_text
from ..progress import spoken
from ..translation import tr

if TYPE_CHECKING:
    from .counting import LabelCounts

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


@dataclass(frozen=True)
class Found:
    """A label value: how its layer shows it, and how many labels or pixels have it."""

    name: str
    color: str
    count: int


def found_values(sources: Sequence[tuple[SourceDraft, LabelCounts]], project: QgsProject) -> dict[str, Found]:
    """The values of the sources of one role, in natural order; of several layers the first names a value."""
    found: dict[str, Found] = {}
    for source, counts in sources:
        shown = _symbols(project.mapLayer(source.labels), source.field)
        for value, count in counts.by_value.items():
            name, color = shown.get(value, (value, ""))
            before = found.get(value, Found(name, color, 0))
            found[value] = replace(before, count=before.count + count)
    return {value: found[value] for value in sorted(found, key=natural_order)}


def updated(
    classes: Sequence[ClassDraft], found: dict[str, Found], others: Sequence[ClassDraft] = ()
) -> list[ClassDraft]:
    """A class list brought up to date: what was typed stays, new values are added, values that are gone leave.

    Args:
        classes: the list so far.
        found: the values that the labels have now.
        others: the other role's classes, whose colours are not given again.
    """
    kept = [replace(each, values=[value for value in each.values if value in found]) for each in classes]
    kept = [each for each in kept if each.values]
    known = {value for each in kept for value in each.values}
    for value, shown in found.items():
        if value not in known:
            kept.append(ClassDraft(shown.name, shown.color or _free_color([*kept, *others]), [value]))
    return kept


def merged(classes: Sequence[ClassDraft], rows: Sequence[int]) -> list[ClassDraft]:
    """The classes with those at `rows` made one: the first's name and colour, all their values."""
    first = min(rows)
    values = [value for row in sorted(rows) for value in classes[row].values]
    one = replace(classes[first], values=values, used=True)
    return [one if row == first else each for row, each in enumerate(classes) if row == first or row not in rows]


def parted(classes: Sequence[ClassDraft], row: int, found: dict[str, Found]) -> list[ClassDraft]:
    """The classes with a merged one taken apart into its values again."""
    rest = [each for index, each in enumerate(classes) if index != row]
    return updated(rest, found)


def class_problem(draft: Draft, role: str) -> str:
    """What is wrong with a role's classes; empty where nothing is."""
    if not draft.of_role(role):
        return ""
    word, used = spoken(role), [each for each in draft.classes[role] if each.used]
    names = [each.name.strip() for each in used]
    twice = next((name for name in names if names.count(name) > 1), "")
    if not used:
        return tr("All {role} classes are left out; keep at least one.").format(role=word)
    if not all(names):
        return tr("A {role} class has no name.").format(role=word)
    if twice:
        return tr("Two {role} classes are called {twice}: merge them or rename one.").format(role=word, twice=twice)
    if role == SEGMENTATION and len(used) == 1 and not draft.background:
        return tr("There is only the class {name} and no background, so there is nothing to tell apart.").format(
            name=names[0]
        )
    return ""


def _free_color(classes: Sequence[ClassDraft]) -> str:
    taken = {each.color for each in classes}
    return next((color for color in PALETTE if color not in taken), PALETTE[len(classes) % len(PALETTE)])


def _symbols(layer: QgsMapLayer | None, field: str) -> dict[str, tuple[str, str]]:
    """(name, colour) by value, as the layer's own renderer has them."""
    if isinstance(layer, QgsRasterLayer):
        renderer = layer.renderer()
        entries = renderer.classes() if isinstance(renderer, QgsPalettedRasterRenderer) else []
        texts = [value_text(entry.value) for entry in entries]
        return {text: (entry.label or text, entry.color.name()) for text, entry in zip(texts, entries)}
    if layer is None or not field:
        return {}
    return category_symbols(layer, field)

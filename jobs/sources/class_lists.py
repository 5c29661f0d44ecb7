"""The class lists of a run: from the values that labels have, with names and colours of their layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from qgis.core import QgsMapLayer, QgsPalettedRasterRenderer, QgsProject, QgsRasterLayer

from ..classes import PALETTE, category_symbols, natural_order, value_text
from ..progress import spoken
from ..translation import tr
from .counting import LabelCounts
from .draft import SEGMENTATION, ClassDraft, Draft, SourceDraft


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

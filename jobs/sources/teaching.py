"""A finished model that teaches a smaller one: what it asks of a draft, and what it decides in its `run.json`."""

from __future__ import annotations

from typing import Any

from ..packages import package_path, read_card
from ..teacher import facts
from ..translation import tr
from ..vocabulary import spoken
from .draft import LABELLED_ROLES, Draft
from .suggestion import DISTIL


def teacher_problem(draft: Draft, unread: str = "") -> str:
    """Why the chosen model cannot teach this draft; empty where it can.

    Args:
        draft: the draft.
        unread: why its card is not read.
    """
    if not draft.recipe.package:
        return tr("Choose the model that teaches.")
    if draft.recipe.options.get(DISTIL, {}).get("DISTILLATION") == []:
        return tr("There is nothing that the student learns from the model: tick one of the terms under Advanced.")
    card = draft.recipe.card
    if not card:
        return unread
    for role in LABELLED_ROLES:
        names = [each["name"] for each in card[f"{role}_classes"]]
        if draft.of_role(role) and role not in card["tasks"]:
            return tr("The model {name} has no {task}, so labels for it cannot be used.").format(
                name=card["name"], task=spoken(role)
            )
        for each in draft.classes[role]:
            if draft.of_role(role) and each.used and each.name.strip() not in names:
                return tr(
                    "The model {model} has no class {name}: go back, and rename it ({known}) or leave it out."
                ).format(model=card["name"], name=each.name, known=", ".join(names))
    return ""


def teacher_card(draft: Draft) -> dict[str, Any]:
    """The card of the model that teaches, read where it is not known yet.

    Raises:
        GeoDistilError: it is no model package.
    """
    return draft.recipe.card or read_package(draft.recipe.package)


def read_package(text: str) -> dict[str, Any]:
    """The card of a package that a person has pointed at; the disk may be far away, so not for the main thread.

    Raises:
        GeoDistilError: it is no model package.
    """
    return read_card(package_path(text))


def decided(draft: Draft, card: dict[str, Any]) -> dict[str, Any]:
    """What the model decides, as `run.json` has it: classes, bands, ground sampling distance, background."""
    values = facts(card)
    for role in LABELLED_ROLES:
        labels = {each.name.strip(): each.values for each in draft.classes[role] if each.used and draft.of_role(role)}
        for each in values[f"{role}_classes"]:
            each["values"] = labels.get(each["name"], each["values"])
    return values

"""A finished model that teaches a smaller one: what it asks of a draft, and what it decides in its `run.json`."""

from __future__ import annotations

from typing import Any

from ..errors import GeoDistilError
from ..packages import package_path, read_card
from ..teacher import facts
from ..translation import tr
from ..vocabulary import spoken
from .draft import LABELLED_ROLES, Draft
from .suggestion import DISTIL


def teacher_problem(draft: Draft) -> str:
    """Why the chosen model cannot teach this draft; empty where it can."""
    if not draft.recipe.package:
        return tr("Choose the model that teaches.")
    if draft.recipe.options.get(DISTIL, {}).get("DISTILLATION") == []:
        return tr("There is nothing that the student learns from the model: tick one of the terms under Advanced.")
    try:
        card = teacher_card(draft)
    except GeoDistilError as error:
        return str(error)
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
    """The card of the model that teaches.

    Raises:
        GeoDistilError: it is no model package.
    """
    return read_card(package_path(draft.recipe.package))


def decided(draft: Draft, card: dict[str, Any]) -> dict[str, Any]:
    """What the model decides, as `run.json` has it: classes, bands, ground sampling distance, background."""
    values = facts(card)
    for role in LABELLED_ROLES:
        labels = {each.name.strip(): each.values for each in draft.classes[role] if each.used and draft.of_role(role)}
        for each in values[f"{role}_classes"]:
            each["values"] = labels.get(each["name"], each["values"])
    return values

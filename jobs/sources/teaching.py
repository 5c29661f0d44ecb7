"""A finished model that teaches, or that a run starts from: what it asks of a draft, and decides in its `run.json`."""

from __future__ import annotations

from typing import Any

from ..packages import facts, package_path, read_card
from ..progress import spoken
from ..runs.files import START
from ..translation import tr
from .draft import LABELLED_ROLES, Draft
from .option import NETWORKS
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


def start_problem(draft: Draft, kind: str, unread: str = "") -> str:
    """Why a draft cannot start from the chosen model; empty where it can, or starts anew.

    Args:
        draft: the draft.
        kind: its recipe.
        unread: why the model's card is not read.
    """
    card = draft.recipe.start_card
    if kind == DISTIL or not draft.recipe.start_from:
        return ""
    return start_refused(card, [role for role in LABELLED_ROLES if draft.of_role(role)]) if card else unread


def start_refused(card: dict[str, Any], roles: list[str]) -> str:
    """Why labels of these roles cannot go on from a model; empty where they can."""
    if set(roles) == set(card["tasks"]):
        return ""
    words = {"model": card["name"], "tasks": _and(card["tasks"]), "roles": _and(roles)}
    return tr("The model {model} does {tasks}, and the labels are for {roles}: both must be the same.").format(**words)


def started(draft: Draft, kind: str) -> dict[str, Any]:
    """What the model that a run starts from decides, as a merge patch of `run.json`: bands, distance, its network.

    Raises:
        GeoDistilError: it is no model package.
    """
    return start_patch(draft.recipe.start_card or read_package(draft.recipe.start_from), kind)


def start_patch(card: dict[str, Any], kind: str) -> dict[str, Any]:
    """The same for a model's card; the size that a recipe would choose gives way to the model's."""
    recipe = {"start_from": START, NETWORKS[kind][0]: {"size": None}}
    return {"gsd": card["gsd"], "bands": card["bands"], "recipe": recipe}


def _and(roles: list[str]) -> str:
    return tr(" and ").join(spoken(role) for role in sorted(roles))

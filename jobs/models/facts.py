"""What is known of models, in words: one as a list, two beside each other."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..progress import headed, spoken
from ..runs.history import MAIN, NOT_SCORES, WORDS
from ..translation import local, local_brief, tr
from .shelf import Model

if TYPE_CHECKING:
    from .scoring import Scored

MINUTES = len("2026-11-28T04:05")
CLASS_LISTS = ("segmentation_classes", "detection_classes", "values")


def facts(model: Model, speeds: dict[Path, float]) -> list[tuple[str, str]]:
    """What is known of a model: (what, value) pairs.

    Args:
        model: a sound one.
        speeds: as `jobs.package_registry.speeds`.
    """
    card = model.card
    rows = [
        (tr("Tasks"), tasks(model)),
        (tr("Classes"), ", ".join(class_names(card))),
        (tr("Bands"), ", ".join(map(str, card["bands"]))),
        (tr("Ground sampling distance"), f"{local_brief(card['gsd'])} m"),
        (tr("Network"), network(model)),
        (tr("Size"), size(model)),
        (tr("Speed here"), speed(model, speeds) or tr("not measured yet: predict a view")),
        (tr("Trained"), card.get("created", "")[:MINUTES].replace("T", " ") or tr("unknown")),
        (tr("Known as"), model.origin),
        (tr("Place"), str(model.path)),
    ]
    return [(name, value) for name, value in rows if value]


def tasks(model: Model) -> str:
    """What it does."""
    return ", ".join(map(spoken, model.card.get("tasks", ())))


def class_names(card: dict[str, Any]) -> list[str]:
    """The names of all its classes, each once."""
    lists = [card.get(name) or [] for name in CLASS_LISTS]
    names = [each.get("name") for one in lists if isinstance(one, list) for each in one if isinstance(each, dict)]
    return list(dict.fromkeys(name for name in names if isinstance(name, str)))


def network(model: Model) -> str:
    """Its architecture and weights."""
    made, count = model.properties.get("mlm:architecture"), model.properties.get("mlm:total_parameters")
    text = made if isinstance(made, str) else ""
    if isinstance(count, int) and not isinstance(count, bool):
        text += f"{', ' if text else ''}{tr('{count} million weights').format(count=local(count / 1e6, 1))}"
    return text


def size(model: Model) -> str:
    """Of its files."""
    return f"{local(model.bytes / 1e6, 1)} MB" if model.bytes else ""


def speed(model: Model, speeds: dict[Path, float]) -> str:
    """Of its last predicted view; empty where there was none."""
    known = speeds.get(model.path)
    return tr("{speed} megapixels a second").format(speed=local(known, 2)) if known else ""


def scores(card: dict[str, Any]) -> dict[str, float]:
    """Validation scores of the card, by name in words; the main ones of each task first."""
    metrics = card.get("metrics")
    values = metrics if isinstance(metrics, dict) else {}
    found = {name: value for name, value in values.items() if _is_score(name, value)}
    first = [name for name in MAIN if name in found]
    rest = sorted((name for name in found if name not in MAIN), key=lambda name: (name.count("/"), name))
    return {score_name(name): float(found[name]) for name in [*first, *rest]}


def main_scores(card: dict[str, Any]) -> str:
    """The scores that models are compared by."""
    values = scores(card)
    chosen = [name for name in MAIN if score_name(name) in values]
    return ", ".join(f"{WORDS[name.split('/')[1]]} {local(100 * values[score_name(name)], 1)}" for name in chosen)


def score_name(name: str) -> str:
    """`segmentation/iou/roof` in words."""
    task, _, rest = name.partition("/")
    kind, _, one = rest.partition("/")
    text = f"{headed(spoken(task))}: {WORDS.get(kind, spoken(kind))}"
    return f"{text}, {spoken(one) if one == 'background' else one}" if one else text


def _is_score(name: Any, value: Any) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= 1
    return number and isinstance(name, str) and name.count("/") >= 1 and name.split("/")[1] not in NOT_SCORES


def page(model: Model, speeds: dict[Path, float], elsewhere: bool = False) -> str:
    """A model as HTML; of one that is elsewhere without what only one here has."""
    if model.problem:
        return f"<p>{escape(model.problem)}</p>"
    here = (tr("Speed here"), tr("Known as"), tr("Place")) if elsewhere else ()
    rows = [(name, value) for name, value in facts(model, speeds) if name not in here]
    if elsewhere:
        rows += [(name, text) for name, text in ((tr("Licence"), model.licence), (tr("Source"), model.source)) if text]
    table = "".join(f"<tr><td><b>{escape(name)}</b></td><td>{escape(value)}</td></tr>" for name, value in rows)
    found = scores(model.card)
    lines = "".join(f"<tr><td>{escape(name)}</td>{_number(value)}</tr>" for name, value in found.items())
    title = tr("Scores on its validation ground (percent)")
    more = f"<p><b>{escape(title)}</b></p><table cellspacing='4'>{lines}</table>" if lines else ""
    return f"<table cellspacing='4'>{table}</table>{more}"


def comparison(first: Model, second: Model, speeds: dict[Path, float], scored: Scored | None = None) -> str:
    """Two models as HTML: what differs in kind, and their scores beside each other.

    Args:
        first: a sound one.
        second: another.
        speeds: as `jobs.package_registry.speeds`.
        scored: what was found of both on the same ground; none where nobody has asked.
    """
    names = [escape(each.name) for each in (first, second)]
    left, right = (
        f"<tr><th></th>{''.join(f'<th align={side!r}>{name}</th>' for name in names)}<th></th></tr>"
        for side in ("left", "right")
    )
    known = [dict(facts(each, speeds)) for each in (first, second)]
    rows = "".join(
        f"<tr><td><b>{escape(name)}</b></td>{_cell(known[0].get(name))}{_cell(known[1].get(name))}<td></td></tr>"
        for name in dict.fromkeys([*known[0], *known[1]])
        if name != tr("Place") and known[0].get(name) != known[1].get(name)
    )
    values = [scores(each.card) for each in (first, second)]
    title = tr("Scores, each on its own validation ground (percent)")
    lines = _beside(*values)
    more = f"<p><b>{escape(title)}</b></p><table cellspacing='4'>{right}{lines}</table>" if lines else ""
    same = _on_same_ground(scored, names, right) if scored is not None else ""
    return f"{same}<table cellspacing='4'>{left}{rows}</table>{more}"


def _on_same_ground(scored: Scored, names: list[str], head: str) -> str:
    """The scores of both on one ground, what both have seen of it, and what is to be known of the comparison."""
    title = tr("Scores on the same ground (percent): {ground}").format(ground=scored.ground)
    lines = _beside(*({score_name(name): value for name, value in each.items()} for each in scored.scores))
    seen = (tr("{model}: {said}.").format(model=name, said=escape(said)) for name, said in zip(names, scored.training))
    notes = "".join(f"<br>{text}" for text in [*seen, *map(escape, scored.notes)])
    return f"<p><b>{escape(title)}</b>{notes}</p><table cellspacing='4'>{head}{lines}</table><hr>"


def _beside(one: dict[str, float], other: dict[str, float]) -> str:
    """Rows of scores with their differences."""
    return "".join(
        f"<tr><td>{escape(name)}</td>{_number(one.get(name))}{_number(other.get(name))}"
        f"{_difference(one.get(name), other.get(name))}</tr>"
        for name in dict.fromkeys([*one, *other])
    )


def _cell(text: str | None) -> str:
    return f"<td>{escape(text or '')}</td>"


def _number(value: float | None) -> str:
    return f"<td align='right'>{'' if value is None else local(100 * value, 1)}</td>"


def _difference(one: float | None, other: float | None) -> str:
    if one is None or other is None:
        return "<td></td>"
    sign = "+" if other >= one else "−"
    return f"<td align='right'>{sign}{local(100 * abs(other - one), 1)}</td>"

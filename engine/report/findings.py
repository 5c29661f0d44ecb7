"""Plain sentences where something in a run looks wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .history import MAIN, Curve, History, Stage, main_score
from .validation import threshold_of

FEW_EXAMPLES = 5
OVERFIT = 0.03
"""A fall of a main metric from its best to its last validation that is worth a sentence."""
STILL_RISING = 0.01
MISCALIBRATED = 0.1
WEAKER = 0.005
"""Differences of main metrics below this mean nothing."""


def findings(history: History, validation: dict[str, Any], ships: str, strong: bool = False) -> list[str]:
    """Everything that looks wrong, the gravest first.

    Args:
        history: of the run.
        validation: as in `validation.json`; may be empty.
        ships: the shipped network's name.
        strong: whether its networks learn from strong views or CutMix, which cost short runs more than they give.
    """
    return [
        *_never_predicted(validation),
        *_without_positives(validation),
        *_without_truth(validation),
        *_weak_teachers(history, ships, strong),
        *_few_examples(validation),
        *_course(history),
        *_miscalibrated(validation),
    ]


def _never_predicted(validation: dict[str, Any]) -> Iterator[str]:
    confusion = validation.get("segmentation", {}).get("confusion")
    for index, name in enumerate(confusion["names"] if confusion else ()):
        matrix = confusion["matrix"]
        if sum(matrix[index]) and not sum(row[index] for row in matrix):
            yield f"The class {name} is never predicted, though the validation blocks hold it."
    detection = validation.get("detection", {})
    for name, count in detection.get("objects", {}).items():
        if count and not detection["detections"][name]:
            yield (
                f"The class {name} is never found with a score of {threshold_of(name, validation):.2f} or more, though "
                f"the validation blocks hold {count}."
            )


def _without_positives(validation: dict[str, Any]) -> Iterator[str]:
    for role, classes in _labels(validation).items():
        for name, counts in classes.items():
            for side, consequence in (("validation", "its score is unknown"), ("training", "it cannot be learned")):
                if any(counts.values()) and not counts[side]:
                    yield f"No {role} label of the class {name} lies on {side} ground, so {consequence}."


def _without_truth(validation: dict[str, Any]) -> Iterator[str]:
    """Classes that lie on validation ground, but in none of the chips that stand for it."""
    confusion = validation.get("segmentation", {}).get("confusion", {"names": [], "matrix": []})
    seen = {
        "segmentation": dict(zip(confusion["names"], map(sum, confusion["matrix"]), strict=True)),
        "detection": validation.get("detection", {}).get("objects", {}),
    }
    for role, classes in _labels(validation).items():
        for name, counts in classes.items():
            if counts["validation"] and seen.get(role, {}).get(name) == 0:
                yield (
                    f"None of the {validation[role]['chips']} validation chips of {role} holds the class {name}, so "
                    "its score is unknown; raise training.validation_chips."
                )


def _few_examples(validation: dict[str, Any]) -> Iterator[str]:
    units = {source["role"]: source.get("unit") for source in validation.get("sources", ())}
    for role, classes in _labels(validation).items():
        for name, counts in classes.items():
            if units[role] == "objects" and 0 < counts["training"] < FEW_EXAMPLES:
                labels = "label" if counts["training"] == 1 else "labels"
                yield f"The class {name} has only {counts['training']} {role} {labels} to learn from; draw more."


def _labels(validation: dict[str, Any]) -> dict[str, dict[str, dict[str, int]]]:
    """Labels by role, class and side, over all sources."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for source in validation.get("sources", ()):
        for name, counts in source.get("labels", {}).items():
            total = found.setdefault(source["role"], {}).setdefault(name, {"training": 0, "validation": 0})
            for side in total:
                total[side] += counts[side]
    return found


def _weak_teachers(history: History, ships: str, strong: bool) -> Iterator[str]:
    longer = "longer or without strong views and CutMix" if strong else "longer"
    best = {name: values for name, (_, _, values) in history.best().items()}
    student = best.get(ships, {})
    for name, values in best.items():
        for metric in MAIN:
            mine, theirs = student.get(metric), values.get(metric)
            if "teacher" in name and mine is not None and theirs is not None and theirs < mine - WEAKER:
                yield (
                    f"The network {name.replace('_', ' ')} is weaker than its student ({theirs:.3f} against "
                    f"{mine:.3f}): train it {longer}, or make it larger, for it has little to teach."
                )


def _course(history: History) -> Iterator[str]:
    """Overfitting, and training that ended too early."""
    for stage in history.stages:
        for network in stage.metrics:
            curve = main_curve(stage, network)
            if len(curve) < 3:
                continue
            name = f"{network.replace('_', ' ')} (stage {stage.name.replace('_', ' ')})"
            *_, before, last = curve.values()
            fall = max(curve.values()) - last
            if fall > OVERFIT:
                yield (
                    f"The validation of {name} fell by {fall:.3f} after its best step: it overfits; its best weights "
                    "are used, but more labels, stronger augmentation or a shorter training would help."
                )
            elif last == max(curve.values()) and last - before > STILL_RISING:
                yield f"{name[0].upper()}{name[1:]} was still improving at its end; train longer."


def _miscalibrated(validation: dict[str, Any]) -> Iterator[str]:
    for task, what in (("segmentation", "areas"), ("detection", "objects")):
        error = validation.get(task, {}).get("calibration", {}).get("ece")
        if error is not None and error > MISCALIBRATED:
            yield (
                f"The confidence for {what} is off by {100 * error:.0f} percent points on average: rank by it, but do "
                "not read it as a probability."
            )


def main_curve(stage: Stage, network: str) -> Curve:
    """The mean of a network's main metrics over the steps."""
    return {step: main_score(values) for step, values in sorted(stage.metrics[network].items())}

"""What the numbers say: what looks wrong in a run, and what it gave beside others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config import RUN_FILE, PartialMultitask, Run, load_run, named_folders
from ..errors import ConfigError
from ..events import EVENTS_FILE, read_events
from .history import (
    MAIN,
    VALIDATION_FILE,
    Curve,
    History,
    Stage,
    main_score,
    read_history,
    read_validation,
    threshold_of,
)
from .markup import Cell, table, text, title

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


_MOST_BESIDE = 5


@dataclass(frozen=True)
class Finished:
    """A run and what is known of it.

    Args:
        folder: the run folder.
        run: what it was asked for.
        history: its events.
        validation: its `validation.json`.
    """

    folder: Path
    run: Run
    history: History
    validation: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> Finished:
        """Read a run folder, in any state.

        Raises:
            ConfigError: there is no valid run file, or a file cannot be read.
        """
        run = load_run(folder)
        try:
            history = read_history(read_events(folder))
        except OSError as error:
            raise ConfigError(f"{folder / EVENTS_FILE} cannot be read: {error.strerror}.") from error
        return cls(folder, run, history, read_validation(folder))

    @property
    def ships(self) -> str:
        """The shipped network's name: known after training, until then the one that is trained last."""
        return next(iter(self.validation.get("networks", {})), None) or next(reversed(self.history.best()), "student")

    def values(self) -> dict[str, float]:
        """The shipped network's best validation."""
        return self.history.best().get(self.ships, ("", 0, {}))[2]

    def title(self, taken: Collection[str] = ()) -> str:
        """The run's name, with its folder's where the name is taken."""
        return f"{self.run.name} ({self.folder.name})" if self.run.name in taken else self.run.name


def beside(mine: Finished) -> list[Finished]:
    """The newest run of each other recipe that lies in the same folder and was validated on the same ground."""
    found: dict[str, Finished] = {}
    for folder in _neighbours(mine):
        with suppress(Exception):  # whatever is wrong with another run is told in its own report, not in this one
            recipe = load_run(folder).recipe.model_dump_json()
            if recipe in found or recipe == mine.run.recipe.model_dump_json():
                continue
            if not _alike(_measured(mine.validation), _measured(read_validation(folder))):
                continue
            other = Finished.read(folder)
            if other.values():
                found[recipe] = other
        if len(found) == _MOST_BESIDE:
            break
    return list(found.values())


def teachers(mine: Finished) -> list[Finished]:
    """The runs that trained a run's teachers, as far as they are still there and can be read."""
    found = []
    for folder in teacher_folders(mine.run):
        with suppress(Exception):  # as in `beside`
            found.append(Finished.read(folder))
    return found


def _neighbours(mine: Finished) -> list[Path]:
    """Folders beside a validated run's that were validated too, the newest first."""
    folder, found = mine.folder.resolve(), []
    for path in folder.parent.glob(f"*/{VALIDATION_FILE}") if mine.validation else ():
        with suppress(OSError):  # gone meanwhile
            if path.parent != folder:
                found.append((-path.stat().st_mtime, path.parent))
    return [each for _, each in sorted(found)]


def comparison(mine: Finished, others: list[Finished]) -> Iterable[str]:
    """A table of this run and others, and a sentence for each difference of a main metric."""
    if not others:
        yield from _nothing_beside(mine)
        return
    yield "<h2>Compared with other runs</h2>"
    metrics = [metric for metric in MAIN if any(metric in each.values() for each in (mine, *others))]
    yield table(
        "Best validation of the network that ships",
        ["run", "recipe", *map(title, metrics)],
        [_row(each, metrics) for each in (mine, *others)],
    )
    if not all(_same_ground(mine, each) for each in others):
        yield '<p class="note">Not all of these runs were validated on the same ground, so compare with care.</p>'
    for other in others:
        for metric in metrics:
            yield from _difference(mine, other, metric)


def _nothing_beside(mine: Finished) -> Iterator[str]:
    if mine.run.recipe.kind != "supervised" and mine.values():
        yield (
            "<h2>Compared with other runs</h2><p>How much teachers and unlabelled imagery gave shows beside a run "
            "without them: train one on the same labels into the same folder, or name it with <code>python -m engine "
            "report RUN --compare OTHER</code>.</p>"
        )


def teacher_folders(run: Run) -> list[Path]:
    """The runs that trained a run's teachers, as far as they are still there."""
    named = named_folders(getattr(run.recipe, "teachers_from", None))
    return [path for path in map(Path, named) if (path / RUN_FILE).exists()]


def _row(each: Finished, metrics: list[str]) -> list[Cell]:
    return [each.run.name, method(each.run), *(each.values().get(metric) for metric in metrics)]


def _difference(mine: Finished, other: Finished, metric: str) -> Iterable[str]:
    first, second = mine.values().get(metric), other.values().get(metric)
    if first is not None and second is not None:
        sign = "above" if first >= second else "below"
        yield (
            f"<p>{text(mine.run.name)} is {abs(first - second):.3f} {sign} {text(other.run.name)} "
            f"({text(method(other.run))}) in {title(metric)}.</p>"
        )


def method(run: Run) -> str:
    """A recipe in a few words."""
    recipe = run.recipe
    if isinstance(recipe, PartialMultitask):
        return f"distilled: {', '.join(recipe.distillation)}" if recipe.distillation else "vanilla multi-task"
    return getattr(recipe, "method", recipe.kind).replace("_", " ")


def _same_ground(mine: Finished, other: Finished) -> bool:
    """Whether two runs were validated on the same ground, as measured or, before that, as their files say."""
    if mine.validation and other.validation:
        return _alike(_measured(mine.validation), _measured(other.validation))
    return mine.run.split == other.run.split and _alike(_declared(mine.run), _declared(other.run))


def _alike(first: dict[str, Any], second: dict[str, Any]) -> bool:
    """Whether the roles that both have are the same, and there are some."""
    roles = first.keys() & second.keys()
    return bool(roles) and all(first[role] == second[role] for role in roles)


def _measured(validation: dict[str, Any]) -> dict[str, Any]:
    """Role -> its sources' validation ground and the labels on it."""
    found: dict[str, Any] = {}
    for source in validation.get("sources", ()):
        if "labels" in source:
            labels = {name: counts["validation"] for name, counts in source["labels"].items()}
            found.setdefault(source["role"], []).append((source["name"], source["outlines"]["validation"], labels))
    return found


def _declared(run: Run) -> dict[str, Any]:
    """Role -> its labelled rasters."""
    found: dict[str, Any] = {}
    for source in run.sources:
        if source.labels is not None:
            found.setdefault(source.role, []).append(source.raster)
    return found

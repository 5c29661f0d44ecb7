"""What distillation and unlabelled imagery gave: a run beside others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config import RUN_FILE, PartialMultitask, Run, load_run, named_folders
from ..errors import ConfigError
from ..events import EVENTS_FILE, read_events
from .charts import title
from .history import MAIN, History, read_history
from .markup import Cell, table, text
from .validation import VALIDATION_FILE, read_validation

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

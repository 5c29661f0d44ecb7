"""What distillation and unlabelled imagery gave: a run beside others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config import RUN_FILE, PartialMultitask, Run, load_run
from ..events import read_events
from .charts import title
from .history import MAIN, History, read_history
from .markup import Cell, table, text
from .validation import read_validation


@dataclass(frozen=True)
class Finished:
    """A run and what is known of it.

    Args:
        folder: the run folder.
        run, history, validation: of that folder.
    """

    folder: Path
    run: Run
    history: History
    validation: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> Finished:
        """Read a run folder, in any state.

        Raises:
            ConfigError: there is no valid run file.
        """
        return cls(folder, load_run(folder), read_history(read_events(folder)), read_validation(folder))

    @property
    def ships(self) -> str:
        """The shipped network's name: known after training, until then the one that is trained last."""
        return next(iter(self.validation.get("networks", {})), None) or next(reversed(self.history.best()), "student")

    def values(self) -> dict[str, float]:
        """The shipped network's best validation."""
        return self.history.best().get(self.ships, ("", 0, {}))[2]


def comparison(mine: Finished, others: list[Finished]) -> Iterable[str]:
    """A table of this run and others, and a sentence for each difference of a main metric."""
    if not others:
        return
    yield "<h2>Compared with other runs</h2>"
    metrics = [metric for metric in MAIN if any(metric in each.values() for each in (mine, *others))]
    yield table(
        "Best validation of the network that ships",
        ["run", "recipe", *map(title, metrics)],
        [_row(each, metrics) for each in (mine, *others)],
    )
    if any(each.run.split != mine.run.split or _sources(each) != _sources(mine) for each in others):
        yield '<p class="note">These runs differ in sources or split, so their validation blocks differ too.</p>'
    for other in others:
        for metric in metrics:
            yield from _difference(mine, other, metric)


def teacher_folders(run: Run) -> list[Path]:
    """The runs that trained a run's teachers, as far as they are still there."""
    folders = getattr(run.recipe, "teachers_from", None) or {}
    named = [folders] if isinstance(folders, str) else folders.values()
    return [path for path in map(Path, dict.fromkeys(named)) if (path / RUN_FILE).exists()]


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


def _sources(each: Finished) -> set[tuple[str, str]]:
    return {(source.raster, source.role) for source in each.run.sources}

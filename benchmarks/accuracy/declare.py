"""What a table is made of: rows are data, so that another method is one line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Settings = dict[str, Any]
"""A part of `run.json`."""


STRONG: Settings = {"strong_views": True, "cutmix": 0.5}
"""Strong views and CutMix, which hold long runs back from overfitting and cost short ones."""

WEAK: Settings = {"strong_views": False, "cutmix": 0.0}
"""Neither: flips, turns, scale and light colour changes only."""


@dataclass(frozen=True)
class Form:
    """How long and how large a table's runs are.

    Args:
        name: `small` (CPU, for trend), `medium` (a GPU for minutes) or `full` (a GPU for a day).
        steps: of every student, whatever teaches it.
        teacher_steps: that teachers have in addition.
        chip_size, batch_size: of every run, pixels and chips a role.
        gsd: ground sampling distance of every run, in metres.
        student, teacher, second_teacher: networks as in `run.json`.
        labelled: numbers of labelled tiles, for the tables that hide labels.
        views: what every method on few labels but the plainest does to its chips, `STRONG` or `WEAK`.
    """

    name: str
    steps: int
    teacher_steps: int
    chip_size: int
    batch_size: int
    gsd: float
    student: Settings
    teacher: Settings
    second_teacher: Settings = field(default_factory=dict)
    labelled: tuple[int, ...] = ()
    views: Settings = field(default_factory=STRONG.copy)


@dataclass(frozen=True)
class Row:
    """One way of training.

    Args:
        name: shown in the table, and the run folder's name.
        recipe: as in `run.json`.
        steps: of the whole run, teachers included.
        sources: which of the ground's lists of sources it may see.
        teachers: names of its teachers to the rows whose networks they are, trained once a seed; several rows are an
            ensemble.
        training: further settings of the loop.
        group: heading that it stands under; differences are to the group's baseline.
        extra: whether the small form leaves it out unless it is asked for by name.
        draw: added to the seed of its weights, sampling and augmentation.
        start_from: name of the row whose model it goes on from; empty: from its encoder's weights.
        classes: names of the segmentation classes that it has; empty: all.
    """

    name: str
    recipe: Settings
    steps: int
    sources: str = "all"
    teachers: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    training: Settings = field(default_factory=dict)
    group: str = ""
    extra: bool = False
    draw: int = 0
    start_from: str = ""
    classes: tuple[str, ...] = ()

    @property
    def taught_by(self) -> list[str]:
        """Names of the rows that train its teachers and the model that it goes on from, each once."""
        listed = ([each] if isinstance(each, str) else each for each in self.teachers.values())
        begun = [self.start_from] if self.start_from else []
        return list(dict.fromkeys([*begun, *(name for names in listed for name in names)]))


@dataclass(frozen=True)
class Test:
    """Held-out ground with the truth of one task.

    Args:
        name: of the ground; the tests of several tasks may share it.
        raster: to predict.
        task: detection or segmentation.
        labels, area: as `Labels` and `Area` in `run.json`.
        sources: only rows that see these are scored on it; empty means every row.
        place: whose scores are also given alone; empty: of none.
    """

    name: str
    raster: Path
    task: str
    labels: Settings
    area: Settings = field(default_factory=lambda: {"kind": "raster"})
    sources: tuple[str, ...] = ()
    place: str = ""

    __test__ = False  # pytest collects classes of this name


@dataclass(frozen=True)
class Ground:
    """Imagery and labels of a table for one seed.

    Args:
        sources: lists of sources by name.
        tests: that no source touches.
        settings: of every run: classes, background, split.
        lines: class that is scored as lines too, for example road.
    """

    sources: dict[str, list[Settings]]
    tests: list[Test]
    settings: Settings
    lines: str | None = None

    def tests_of(self, row: Row) -> list[Test]:
        """The tests that a row is scored on."""
        return [test for test in self.tests if not test.sources or row.sources in test.sources]


@dataclass(frozen=True)
class Metric:
    """A column: where a number lies in a result's scores."""

    title: str
    path: tuple[str, ...]

    def of(self, scores: Settings) -> float | None:
        """The number, none where the row has no such task."""
        value: Any = scores
        for key in self.path:
            value = value.get(key) if isinstance(value, dict) else None
        return value


@dataclass(frozen=True)
class Table:
    """A table.

    Args:
        title, note: Markdown.
        ground: (real imagery's folder, folder for made files, seed) to the ground.
        rows: in their order.
        metrics: columns.
        baselines: names of the rows that the others of their group are compared to.
    """

    title: str
    note: str
    ground: Callable[[Path, Path, int], Ground]
    rows: tuple[Row, ...]
    metrics: tuple[Metric, ...]
    baselines: tuple[str, ...] = ()

    def row(self, name: str) -> Row:
        """The row of this name."""
        return next(row for row in self.rows if row.name == name)

    def needed(self, row: Row) -> list[Row]:
        """A row after those that it takes its teachers from."""
        before = [each for name in row.taught_by for each in self.needed(self.row(name))]
        return list({each.name: each for each in [*before, row]}.values())

"""The report's sections on the validation blocks, the ground, size and speed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..config import Run
from .history import History, figure_path, threshold_of
from .markup import (
    MOST_CURVES,
    Cell,
    figure,
    picture,
    precision_recall_chart,
    reliability_chart,
    split_map,
    spoken,
    table,
    text,
)

MOST_ACROSS = 20
"""Classes of a confusion matrix that fits a page."""
_MOST_CONFUSED = 3
"""Other classes that a row of a long list names."""
_MOST_MAPS = 6
_AREAS = {"raster": "whole raster", "hull": "hull of the labels"}
_HEADINGS = {"segmentation": "Areas on the validation blocks", "detection": "Objects on the validation blocks"}


def sources(run: Run, validation: dict[str, Any]) -> Iterable[str]:
    """What was trained on what, with areas, labels and maps of the split where training has measured them."""
    yield "<h2>Sources</h2>"
    rows = [_source_row(source) for source in run.sources]
    yield table(
        "What each raster is labelled for", ["source", "labelled for", "raster", "labels", "labelled area"], rows
    )
    measured = validation.get("sources", [])
    if not measured:
        return
    yield table(
        "Ground in hectares; validation blocks are never trained on, nor the buffer around them",
        ["source", "role", "all of it", "training", "validation", "labels: training / validation"],
        [_ground_row(source) for source in measured],
    )
    yield from _maps(run, measured)


def _source_row(source: Any) -> list[Cell]:
    labels = source.labels
    parts = () if labels is None else (Path(labels.path).name, labels.layer, labels.where)
    area = _AREAS[source.area.kind] if source.area.path is None else Path(source.area.path).name
    if labels is None:
        area = ""
    name = source.name or Path(source.raster).stem
    return [name, source.role, Path(source.raster).name, " · ".join(part for part in parts if part), area]


def _ground_row(source: dict[str, Any]) -> list[Cell]:
    hectares = [round(source[f"{side}_m2"] / 1e4, 3) for side in ("area", "training", "validation")]
    counts = [
        f"{name} {each['training']:,} / {each['validation']:,}" for name, each in source.get("labels", {}).items()
    ]
    return [source["name"], source["role"], *hectares, ", ".join(counts) + (" px" if _pixels(source) else "")]


def _pixels(source: dict[str, Any]) -> bool:
    return source.get("unit") == "pixels"


def _maps(run: Run, measured: list[dict[str, Any]]) -> Iterable[str]:
    """A map of each labelled raster, the largest first; sources on one raster share it."""
    rasters: dict[str, list[dict[str, Any]]] = {}
    for source, ground in zip(run.sources, measured, strict=False):  # run.json may have been changed since
        if source.role != "unlabelled":
            rasters.setdefault(source.raster, []).append(ground)
    largest = sorted(rasters.items(), key=lambda item: -sum(each["area_m2"] for each in item[1]))
    if largest:
        keys = (f'<span class="key {side}"></span>{side}' for side in ("training", "validation"))
        yield f'<p class="soft">{" ".join(keys)}</p>'
        maps = (figure(split_map(grounds), Path(raster).name) for raster, grounds in largest[:_MOST_MAPS])
        yield f'<div class="maps">{"".join(maps)}</div>'
    if len(largest) > _MOST_MAPS:
        yield f'<p class="soft">And {len(largest) - _MOST_MAPS} more rasters.</p>'


def answers(folder: Path, run: Run, validation: dict[str, Any]) -> Iterable[str]:
    """The shipped network's answers on the validation blocks, task by task."""
    colors = {each.name: each.color for each in [*run.segmentation_channels(), *run.detection_classes]}
    for task, heading in _HEADINGS.items():
        if task in validation:
            values = validation[task]
            yield f"<h2>{heading}</h2>"
            yield f'<p class="soft">The network that ships, on {values["chips"]} chips.</p>'
            if "confusion" in values:
                yield _confusion(**values["confusion"], colors=colors)
                if values.get("lines"):
                    yield _line_scores(values["lines"], colors)
            if task == "detection":
                yield _objects(values, validation, colors)
            yield from _charts(task, values)
            yield from _chips(folder, task)


def _confusion(names: list[str], matrix: list[list[int]], colors: dict[str, str]) -> str:
    """Rows are truth; cells are shares of their row, and shaded so."""
    totals = [sum(row) for row in matrix]
    if len(names) > MOST_ACROSS:
        return _confused(names, matrix, colors)
    shares = [[count / max(total, 1) for count in row] for row, total in zip(matrix, totals, strict=True)]
    return table(
        "Confusion matrix: of the ground that is truly a row's class, the share that is called a column's class",
        ["truth", *(f"called {name}" for name in names), "pixels"],
        [[name, *row, total] for name, row, total in zip(names, shares, totals, strict=True)],
        colors,
        [[None, *row, None] for row in shares],
    )


def _confused(names: list[str], matrix: list[list[int]], colors: dict[str, str]) -> str:
    """Of so many classes that a matrix would not fit the page: what each is taken for most."""
    rows = []
    for index, (name, row) in enumerate(zip(names, matrix, strict=True)):
        total = sum(row)
        others = sorted((each for each in range(len(row)) if each != index and row[each]), key=lambda each: -row[each])
        most = ", ".join(f"{names[each]} {row[each] / total:.3f}" for each in others[:_MOST_CONFUSED])
        rows.append([name, row[index] / total if total else None, most or None, total])
    return table(
        "Confusion: of the ground that is truly of a class, the share that is called so, and what else it is called "
        "most (all of it is in validation.json)",
        ["truth", "called so", "called something else", "pixels"],
        rows,
        colors,
    )


def _line_scores(lines: dict[str, dict[str, Any]], colors: dict[str, str]) -> str:
    """Of each class that is to stay connected, whether its centre lines are."""
    keys = ("f1", "connectivity", "completeness", "correctness")
    return table(
        "Centre lines within 3 m: F1 of their pixels, and connectivity, the share of the pairs of pixels that one true "
        "network joins, in a chip, and a predicted one too",
        ["class", "line F1", "connectivity", "found of the true", "true of the found"],
        [[name, *(scores[key] for key in keys)] for name, scores in lines.items()],
        colors,
    )


def _objects(values: dict[str, Any], validation: dict[str, Any], colors: dict[str, str]) -> str:
    """Of each class, from which score on it is reported, and how much that is."""
    rows = [
        [name, threshold_of(name, validation), objects, values["detections"][name]]
        for name, objects in values["objects"].items()
    ]
    return table(
        "Objects are reported from a score on that is the best on the validation blocks: a class's own where they hold "
        "enough of it, else the mean over classes",
        ["class", "score threshold", "objects", "detections from it on"],
        rows,
        colors,
    )


def _charts(task: str, values: dict[str, Any]) -> Iterable[str]:
    curves = precision_recall_chart(task, values["curves"])
    reliability = reliability_chart(task, values["calibration"])
    found = []
    if curves:
        rule = "an object is found at an IoU of 0.5" if task == "detection" else "each class against all others"
        drawn = min(len(values["curves"]), MOST_CURVES)
        some = (
            f" The {drawn} classes of {len(values['curves'])} that do worst." if drawn < len(values["curves"]) else ""
        )
        found.append(figure(curves, f"Precision and recall over the threshold; {rule}.{some}"))
    if reliability:
        error = values["calibration"]["ece"]
        found.append(figure(reliability, f"Reliability: expected calibration error {error:.3f}."))
    if found:
        yield f'<div class="charts">{"".join(found)}</div>'


def _chips(folder: Path, task: str) -> Iterable[str]:
    for kind in ("worst", "best"):
        path = figure_path(folder, task, kind)
        if path.is_file():
            yield figure(picture(path, f"image, truth and prediction of the {kind} chips"), f"The {kind} chips.")


def sizes(folder: Path, history: History, validation: dict[str, Any]) -> Iterable[str]:
    """Size and speed of each network, and the files that ship."""
    measured = validation.get("networks", {})
    if not measured:
        return
    device = history.started.get("device", "the training device")
    yield "<h2>Size and speed</h2>"
    rows = [
        [spoken(name), round(each["parameters"] / 1e6, 3), round(each["megapixels_per_second"], 3)]
        for name, each in measured.items()
    ]
    yield table(
        f"Speed of the network alone on {device}, one chip at a time", ["network", "M parameters", "MPix/s"], rows
    )
    files = sorted(path for path in (folder / "model").glob("*") if path.is_file())
    if files:
        listed = ", ".join(f"{path.name} {_size(path.stat().st_size)}" for path in files)
        yield f'<p class="soft">Files of the model: {text(listed)}.</p>'


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.0f} kB"

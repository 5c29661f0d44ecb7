"""The report: one HTML file without a link to anything outside it."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..config import Run, load_run
from ..errors import OutputError
from ..events import read_events
from .charts import losses_chart, metrics_chart, title
from .history import MAIN, History, Stage, read_history
from .style import CSS

REPORT_FILE = "report.html"
RECIPES = {
    "supervised": "supervised training",
    "partial_multitask": "partial multi-task learning with distillation",
    "semi_supervised": "semi-supervised learning with distillation (SSLKD)",
    "distil": "distillation of a model package",
}
_Row = Sequence[str | float | None]


def write_report(run_folder: Path) -> Path:
    """Write `report.html` from a run folder's `run.json` and `events.jsonl`, whatever state the run is in.

    Returns:
        The report's path.

    Raises:
        ConfigError: there is no valid run file.
        OutputError: the folder cannot be written.
    """
    run_folder = Path(run_folder)
    run, history = load_run(run_folder), read_history(read_events(run_folder))
    path = run_folder / REPORT_FILE
    try:
        path.write_text(page(run, history), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"The report {path} cannot be written: {error.strerror}.") from error
    return path


def page(run: Run, history: History) -> str:
    """The report as HTML."""
    parts = [
        *_head(run, history),
        *_ending(history),
        *_tiles(run, history),
        *_networks(history),
        *_classes(run, history),
        *_sources(run),
        *_stages(history),
        *_warnings(history),
        f"<details><summary>run.json</summary><pre>{_text(run.model_dump_json(indent=2))}</pre></details>",
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(run.name)} · GeoDistil</title><style>{CSS}</style></head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _head(run: Run, history: History) -> Iterable[str]:
    yield f"<h1>{_text(run.name)}</h1>"
    about = [
        RECIPES[run.recipe.kind],
        *(str(history.started[key]) for key in ("device", "host") if key in history.started),
    ]
    yield f'<p class="soft">{_text(" · ".join(about))}</p>'


def _ending(history: History) -> Iterable[str]:
    if history.ending is not None:
        words = "Stopped" if history.ending["kind"] == "stopped" else "Failed"
        message = f"{history.ending.get('message', '')} {history.ending.get('hint', '')}".strip()
        yield f'<p class="note bad"><b>{words}.</b> {_text(message)}</p>'


def _tiles(run: Run, history: History) -> Iterable[str]:
    """The shipped network's main numbers: it is trained last."""
    best = history.best()
    values = best[list(best)[-1]][2] if best else {}
    tiles = [(f"{values[metric]:.3f}", title(metric)) for metric in MAIN if values.get(metric) is not None]
    tiles.append((_duration(history.seconds), "training time"))
    tiles.append((str(len(run.sources)), "source" if len(run.sources) == 1 else "sources"))
    shown = "".join(f'<div class="tile"><b>{_text(number)}</b>{_text(name)}</div>' for number, name in tiles)
    yield f'<div class="tiles">{shown}</div>'


def _networks(history: History) -> Iterable[str]:
    best = history.best()
    if not best:
        return
    described = {name: text for stage in history.stages for name, text in stage.networks.items()}
    metrics = [key for key in (*MAIN, "detection/ap") if any(key in values for _, _, values in best.values())]
    rows = [
        [name, described.get(name, ""), *(values.get(metric) for metric in metrics), f"{stage}, step {step}"]
        for name, (stage, step, values) in best.items()
    ]
    yield "<h2>Networks</h2>"
    yield '<p class="soft">Best validation of each, on blocks that were not trained on.</p>'
    yield _table(["network", "what it is", *map(title, metrics), "best at"], rows)


def _classes(run: Run, history: History) -> Iterable[str]:
    """A table per task: classes down, networks across."""
    best = {name: values for name, (_, _, values) in history.best().items()}
    colors = {each.name: each.color for each in [*run.segmentation_channels(), *run.detection_classes]}
    tasks = (
        ("Areas", "segmentation", ("iou", "f1"), [each.name for each in run.segmentation_channels()]),
        ("Objects", "detection", ("ap50",), [each.name for each in run.detection_classes]),
    )
    for heading, task, metrics, names in tasks:
        networks = [name for name, values in best.items() if any(key.startswith(f"{task}/") for key in values)]
        if not networks:
            continue
        columns = [(network, metric) for network in networks for metric in metrics]
        rows = [
            [name, *(best[network].get(f"{task}/{metric}/{name}") for network, metric in columns)] for name in names
        ]
        labels = {"iou": "IoU", "f1": "F1", "ap50": "AP50"}
        yield f"<h2>{heading}, by class</h2>"
        yield _table(["class", *(f"{network} {labels[metric]}" for network, metric in columns)], rows, colors)


def _sources(run: Run) -> Iterable[str]:
    rows = []
    for source in run.sources:
        labels = source.labels
        where = (
            ""
            if labels is None
            else " · ".join(part for part in (_name(labels.path), labels.layer, labels.where) if part)
        )
        area = source.area.kind if source.area.path is None else _name(source.area.path)
        rows.append([source.name or Path(source.raster).stem, source.role, _name(source.raster), where, area])
    yield "<h2>Sources</h2>"
    yield _table(["source", "labelled for", "raster", "labels", "labelled area"], rows)


def _stages(history: History) -> Iterable[str]:
    if history.stages:
        yield "<h2>Training</h2>"
    for stage in history.stages:
        yield f"<h3>{_text(stage.name.replace('_', ' '))}</h3><p class='soft'>{_text(_stage_line(stage))}</p>"
        charts = [chart for chart in (losses_chart(stage), metrics_chart(stage)) if chart]
        if charts:
            yield f'<div class="charts">{"".join(f"<div>{chart}</div>" for chart in charts)}</div>'


def _stage_line(stage: Stage) -> str:
    parts = [f"{stage.step} of {stage.of} steps", _duration(stage.seconds)]
    if stage.samples_per_second:
        parts.append(f"{stage.samples_per_second:.3g} chips per second")
    return " · ".join([*parts, *(f"{name}: {text}" for name, text in stage.networks.items())])


def _warnings(history: History) -> Iterable[str]:
    if history.warnings:
        yield "<h2>Warnings</h2>"
    for message in history.warnings:
        yield f'<p class="note">{_text(message)}</p>'


def _table(head: Sequence[str], rows: Sequence[_Row], colors: dict[str, str] | None = None) -> str:
    """A table; numbers and gaps are set right, names of classes get their colour."""
    numbers = [any(isinstance(row[column], float) for row in rows) for column in range(len(head))]
    kinds = [' class="number"' if number else "" for number in numbers]
    top = "".join(f"<th{kind}>{_text(name)}</th>" for kind, name in zip(kinds, head, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{k}>{_cell(v, colors)}</td>" for k, v in zip(kinds, row, strict=True)) + "</tr>"
        for row in rows
    )
    return f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(value: str | float | None, colors: dict[str, str] | None) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.3f}"
    swatch = f'<span class="swatch" style="background:{colors[value]}"></span>' if colors and value in colors else ""
    return swatch + _text(value)


def _duration(seconds: float) -> str:
    minutes, hours = round(seconds / 60), int(seconds // 3600)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if hours == 0 else f"{hours} h {minutes - 60 * hours} min"


def _name(path: str) -> str:
    return Path(path).name


def _text(value: str) -> str:
    return html.escape(value)

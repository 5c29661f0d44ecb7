"""The report: one HTML file without a link to anything outside it, and without folders where it is passed on."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..config import Run
from ..errors import cannot_write
from ..files import write_text
from .comparison import Finished, beside, comparison, findings, teachers
from .history import MAIN, History, Stage
from .markup import CSS, losses_chart, metrics_chart, spoken, table, text, title
from .sections import answers, sizes, sources


def for_others(page: str, run: Run, folder: Path) -> str:
    """A run's report without folders and name of the machine that made it.

    Args:
        page: the report, HTML.
        run: its settings, with the paths of its files.
        folder: the run's.
    """
    paths = [folder, *(Path(each) for each in _strings(run.model_dump(mode="json")))]
    folders = {str(path.parent) for path in paths if path.is_absolute() and path.parent != path.parent.parent}
    for place in sorted(folders, key=len, reverse=True):
        for separator in ("/", "\\"):
            for written in (f"{place}{separator}", json.dumps(f"{place}{separator}")[1:-1]):
                page = page.replace(text(written), "")
    return page.replace(f" · {text(socket.gethostname())}</p>", "</p>")


def _strings(value: Any) -> Iterator[str]:
    """All texts in settings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)


REPORT_FILE = "report.html"
RECIPES = {
    "supervised": "supervised training",
    "partial_multitask": "partial multi-task learning with distillation",
    "semi_supervised": "semi-supervised learning with distillation (SSLKD)",
    "distil": "distillation of a model package",
    "baseline": "a baseline to compare with",
}


COUNTED = re.compile(r"The \w+ class '.*' has (only|no labels in)")
"""Warnings before training that findings repeat."""


def write_report(run_folder: Path, compare_with: Sequence[Path] = ()) -> Path:
    """Write `report.html` from a run folder's files, whatever state the run is in.

    Args:
        run_folder: with `run.json`, `events.jsonl` and, after training, `validation.json` and `figures`.
        compare_with: run folders to set beside it, for example without distillation; those that trained its
            teachers are always there. Where there are none, runs by other recipes are taken that lie in the same
            folder and were validated on the same ground.

    Returns:
        The report's path.

    Raises:
        ConfigError: there is no valid run file, or `validation.json` is damaged, of the run or of one to compare with.
        OutputError: the folder cannot be written.
    """
    finished = Finished.read(Path(run_folder))
    named = [*map(Finished.read, dict.fromkeys(map(Path, compare_with))), *teachers(finished)]
    others = {each.folder: each for each in named if each.values()}
    content = page(finished, list(others.values()) or beside(finished))
    path = finished.folder / REPORT_FILE
    try:
        write_text(path, content)
    except OSError as error:
        raise cannot_write(f"The report {path}", path, error) from error
    return path


def page(finished: Finished, others: list[Finished]) -> str:
    """The report as HTML."""
    folder, run, history, validation = finished.folder, finished.run, finished.history, finished.validation
    parts = [
        *_head(run, history),
        *_ending(history),
        *_tiles(finished),
        *_findings(finished),
        *_networks(history),
        *_classes(finished, others),
        *comparison(finished, others),
        *sources(run, validation),
        *answers(folder, run, validation),
        *_stages(history),
        *sizes(folder, history, validation),
        f"<details><summary>run.json</summary><pre>{text(run.model_dump_json(indent=2))}</pre></details>",
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(run.name)} · GeoDistil</title><style>{CSS}</style></head>\n<body><main>\n"
        + "\n".join(parts)
        + "\n</main></body></html>\n"
    )


def _head(run: Run, history: History) -> Iterable[str]:
    yield f"<h1>{text(run.name)}</h1>"
    about = [
        RECIPES[run.recipe.kind],
        *(str(history.started[key]) for key in ("device", "host") if key in history.started),
    ]
    yield f'<p class="soft">{text(" · ".join(about))}</p>'


def _ending(history: History) -> Iterable[str]:
    if history.ending is not None:
        words = "Stopped" if history.ending["kind"] == "stopped" else "Failed"
        message = f"{history.ending.get('message', '')} {history.ending.get('hint', '')}".strip()
        yield f'<p class="note bad"><b>{words}.</b> {text(message)}</p>'


def _tiles(finished: Finished) -> Iterable[str]:
    """The shipped network's main numbers."""
    values, count = finished.values(), len(finished.run.sources)
    tiles = [(f"{values[metric]:.3f}", title(metric)) for metric in MAIN if values.get(metric) is not None]
    tiles.append((_duration(finished.history.seconds), "training time"))
    tiles.append((str(count), "source" if count == 1 else "sources"))
    shown = "".join(f'<div class="tile"><b>{text(number)}</b>{text(name)}</div>' for number, name in tiles)
    yield f'<div class="tiles">{shown}</div>'


def _findings(finished: Finished) -> Iterable[str]:
    """What looks wrong, what training warned of, and what it decided by itself."""
    warnings = finished.history.warnings
    if finished.validation:  # which says the same, of the ground that is trained on
        warnings = [each for each in warnings if not COUNTED.match(each)]
    recipe = finished.run.recipe
    strong = getattr(recipe, "strong_views", False) or getattr(recipe, "cutmix", 0) > 0
    found = findings(finished.history, finished.validation, finished.ships, strong)
    sentences = dict.fromkeys([*found, *_damage(finished.history), *warnings, *finished.history.notes])
    if sentences:
        yield "<h2>Worth a look</h2>"
    yield from (f'<p class="note">{text(sentence)}</p>' for sentence in sentences)


def _damage(history: History) -> Iterable[str]:
    if history.damaged:
        count = "1 damaged line" if history.damaged == 1 else f"{history.damaged:,} damaged lines"
        yield f"The event log has {count}, left out here; a kill or a full disk leaves such."


def _networks(history: History) -> Iterable[str]:
    best = history.best()
    if not best:
        return
    described = {name: words for stage in history.stages for name, words in stage.networks.items()}
    roles = {name: dict.fromkeys(_roles(history, name)) for name in best}
    taught = any(roles.values())  # earlier versions did not say
    metrics = [key for key in (*MAIN, "detection/ap") if any(key in values for _, _, values in best.values())]
    rows = [
        [
            spoken(name),
            described.get(name, ""),
            *([", ".join(roles[name])] if taught else []),
            *(values.get(metric) for metric in metrics),
            f"{spoken(stage)}, step {step}",
        ]
        for name, (stage, step, values) in best.items()
    ]
    head = ["network", "what it is", *(["trained on"] if taught else []), *map(title, metrics), "best at"]
    yield "<h2>Networks</h2>"
    caption = "Best validation of each, on blocks that were not trained on"
    yield table(caption, head, rows)


def _roles(history: History, network: str) -> Iterable[str]:
    """The roles of the sources that a network has learned from."""
    return (role for stage in history.stages if network in stage.networks for role in stage.roles)


def _classes(finished: Finished, others: list[Finished]) -> Iterable[str]:
    """A table per task: classes down, this run's networks and those of other runs across."""
    run = finished.run
    best = {spoken(name): values for name, (_, _, values) in finished.history.best().items()}
    best |= {other.title(best): other.values() for other in others}
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
        head = ["class", *(f"{network} {labels[metric]}" for network, metric in columns)]
        yield table("Best validation of each network", head, rows, colors)


def _stages(history: History) -> Iterable[str]:
    if history.stages:
        yield "<h2>Training</h2>"
        yield from (f"<p>{text(sentence)}</p>" for sentence in history.notes)
    for stage in history.stages:
        yield f"<h3>{text(spoken(stage.name))}</h3><p class='soft'>{text(_stage_line(stage))}</p>"
        charts = [chart for chart in (losses_chart(stage), metrics_chart(stage)) if chart]
        if charts:
            yield f'<div class="charts">{"".join(f"<div>{chart}</div>" for chart in charts)}</div>'


def _stage_line(stage: Stage) -> str:
    parts = [f"{stage.step} of {stage.of} steps", _duration(stage.seconds)]
    if stage.samples_per_second:
        parts.append(f"{stage.samples_per_second:.3g} chips per second")
    return " · ".join([*parts, *(f"{spoken(name)}: {words}" for name, words in stage.networks.items())])


def _duration(seconds: float) -> str:
    minutes, hours = round(seconds / 60), int(seconds // 3600)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if hours == 0 else f"{hours} h {minutes - 60 * hours} min"

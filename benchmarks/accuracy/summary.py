"""Results over seeds: mean, standard deviation, and differences to a baseline seed by seed."""

from __future__ import annotations

from statistics import mean, stdev
from typing import Any

from .declare import Metric, Row, Table

Results = dict[str, dict[int, dict[str, Any]]]
"""Row to seed to what `running.carry_out` returns."""


def summarise(table: Table, results: Results) -> list[dict[str, Any]]:
    """A dictionary a row: name, group, seeds, parameters, minutes (mean), and for each metric its spread and gain."""
    found = []
    for row in table.rows:
        if runs := results.get(row.name):
            metrics = {metric.title: _spread(values(metric, runs)) for metric in table.metrics}
            found.append(
                {
                    "row": row.name,
                    "group": row.group,
                    "seeds": sorted(runs),
                    "parameters": next(iter(runs.values()))["parameters"],
                    "minutes": round(mean(run["minutes"] for run in runs.values()), 2),
                    "metrics": metrics,
                    "gains": {metric.title: gain(table, row, metric, results) for metric in table.metrics},
                }
            )
    return found


def values(metric: Metric, runs: dict[int, dict[str, Any]]) -> dict[int, float]:
    """A metric by seed, where it is defined."""
    read = {seed: metric.of(run["scores"]) for seed, run in runs.items()}
    return {seed: value for seed, value in read.items() if value is not None}


def gain(table: Table, row: Row, metric: Metric, results: Results) -> dict[str, float] | None:
    """Mean and standard deviation of the differences to the group's baseline, of the seeds that both have."""
    base = next((name for name in table.baselines if name != row.name and table.row(name).group == row.group), None)
    if base is None or base not in results:
        return None
    mine, theirs = values(metric, results[row.name]), values(metric, results[base])
    return _spread({seed: mine[seed] - theirs[seed] for seed in mine.keys() & theirs.keys()})


def markdown(table: Table, summary: list[dict[str, Any]], notes: list[str]) -> str:
    """The table, with what it shows and how it was made."""
    titles = [metric.title for metric in table.metrics]
    head = ["method", *(part for title in titles for part in (title, "gain")), "M parameters", "minutes"]
    lines = [f"## {table.title}", "", table.note, "", _line(head), "|" + "---|" * len(head)]
    every = {seed for entry in summary for seed in entry["seeds"]}
    lines += [_line([_named(entry, every), *_cells(entry, titles)]) for entry in summary]
    return "\n".join([*lines, "", *notes, ""])


def _cells(entry: dict[str, Any], titles: list[str]) -> list[str]:
    numbers = [text for title in titles for text in (_plain(entry["metrics"][title]), _signed(entry["gains"][title]))]
    return [*numbers, f"{entry['parameters'] / 1e6:.1f}", f"{entry['minutes']:.1f}"]


def _named(entry: dict[str, Any], every: set[int]) -> str:
    """A row's name, and its seeds where it lacks some that others have: their means are not of the same draws."""
    seeds = entry["seeds"]
    if set(seeds) == every:
        return entry["row"]
    return f"{entry['row']} (seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))})"


def _spread(numbers: dict[int, float]) -> dict[str, float] | None:
    if not numbers:
        return None
    return {
        "mean": mean(numbers.values()),
        "std": stdev(numbers.values()) if len(numbers) > 1 else 0.0,
        "seeds": len(numbers),
    }


def _plain(spread: dict[str, float] | None) -> str:
    return "" if spread is None else _with_spread(f"{spread['mean']:.3f}", spread)


def _signed(spread: dict[str, float] | None) -> str:
    return "" if spread is None else _with_spread(f"{spread['mean']:+.3f}", spread)


def _with_spread(text: str, spread: dict[str, float]) -> str:
    return f"{text} ± {spread['std']:.3f}" if spread["seeds"] > 1 else text


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"

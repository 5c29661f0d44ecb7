"""What the engine found in a run's sources, as a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any


def check_page(title: str, findings: dict[str, Any]) -> str:
    """Warnings, sources, label counts and band statistics as HTML.

    Args:
        title: of the page.
        findings: of `python -m engine check`.
    """
    parts = [f"<h3>{escape(title)}</h3>", *_warnings(findings), *_sources(findings), *_labels(findings)]
    return f"<html><meta charset='utf-8'><body>{''.join([*parts, *_bands(findings)])}</body></html>\n"


def _warnings(findings: dict[str, Any]) -> Iterable[str]:
    yield "".join(f"<p>⚠ {escape(warning)}</p>" for warning in findings["warnings"]) or "<p>Nothing to warn of.</p>"


def _sources(findings: dict[str, Any]) -> Iterable[str]:
    rows = [(source["name"], source["role"], source["raster"]) for source in findings["sources"]]
    yield _table(("Source", "Role", "Raster"), rows)
    area = findings["train_area_m2"]
    yield f"<p>{findings['gsd_m']:.3f} m per pixel; {area:,.0f} m² of ground train.</p>"


def _labels(findings: dict[str, Any]) -> Iterable[str]:
    for role, counts in findings["label_counts"].items():
        yield _table((f"{role.capitalize()} class", "Labels"), [(name, f"{count:,}") for name, count in counts.items()])


def _bands(findings: dict[str, Any]) -> Iterable[str]:
    values = zip(findings["bands"], findings["mean"], findings["std"])
    yield _table(
        (f"Band ({findings['dtype']})", "Mean", "Standard deviation"),
        [(str(band), f"{mean:.4g}", f"{std:.4g}") for band, mean, std in values],
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def row(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag} align='left'>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    return f"<table>{row(head, 'th')}{''.join(row(cells, 'td') for cells in rows)}</table><br>"

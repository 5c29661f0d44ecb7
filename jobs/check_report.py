"""What the engine found in a run's sources, as a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from .progress import headed, spoken
from .translation import local, local_brief, tr


def check_page(title: str, findings: dict[str, Any]) -> str:
    """Warnings, sources, label counts and band statistics as HTML.

    Args:
        title: of the page.
        findings: of `python -m engine check`.
    """
    parts = [f"<h3>{escape(title)}</h3>", *_warnings(findings), *_sources(findings), *_labels(findings)]
    return f"<html><meta charset='utf-8'><body>{''.join([*parts, *_bands(findings)])}</body></html>\n"


def _warnings(findings: dict[str, Any]) -> Iterable[str]:
    warnings = "".join(f"<p>⚠ {escape(warning)}</p>" for warning in findings["warnings"])
    yield warnings or f"<p>{tr('Nothing to warn of.')}</p>"


def _sources(findings: dict[str, Any]) -> Iterable[str]:
    rows = [(source["name"], spoken(source["role"]), source["raster"]) for source in findings["sources"]]
    yield _table((tr("Source"), tr("Role"), tr("Raster")), rows)
    text = tr("{gsd} m per pixel; {area} m² of ground train.")
    yield f"<p>{text.format(gsd=local(findings['gsd_m'], 3), area=local(findings['train_area_m2']))}</p>"


def _labels(findings: dict[str, Any]) -> Iterable[str]:
    for role, counts in findings["label_counts"].items():
        yield _table(
            (headed(tr("{role} class").format(role=spoken(role))), tr("Labels")),
            [(name, local(count)) for name, count in counts.items()],
        )


def _bands(findings: dict[str, Any]) -> Iterable[str]:
    values = zip(findings["bands"], findings["mean"], findings["std"])
    yield _table(
        (tr("Band ({dtype})").format(dtype=findings["dtype"]), tr("Mean"), tr("Standard deviation")),
        [(str(band), local_brief(mean, 4), local_brief(std, 4)) for band, mean, std in values],
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def row(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag} align='left'>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    return f"<table>{row(head, 'th')}{''.join(row(cells, 'td') for cells in rows)}</table><br>"

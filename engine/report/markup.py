"""Pieces of HTML (text, tables, figures) and the style sheet, light or dark as the reader's system is."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from pathlib import Path

CSS = """
:root { color-scheme: light dark; --ink: #1f2428; --soft: #667079; --line: #d9dee2; --paper: #fff; --fill: #f4f6f7;
  --accent: #2f7d57; --bad: #b3382c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8eb; --soft: #98a3ac; --line: #353d44; --paper: #16191c;
  --fill: #1f2428; --accent: #63bd91; --bad: #f08578; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 66rem; padding: 2rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.7rem; margin: 0; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; }
p { margin: .4rem 0; }
figure { margin: 0; }
figcaption { color: var(--soft); font-size: .85rem; }
img { display: block; max-width: 100%; height: auto; margin-top: 1rem; border-radius: .3rem; }
.soft, caption, th { color: var(--soft); }
.wide { overflow-x: auto; margin: .6rem 0 1rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .35rem .7rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
caption { text-align: left; font-size: .85rem; padding-bottom: .2rem; }
thead th { font-weight: 600; font-size: .85rem; }
tbody th { font-weight: inherit; color: inherit; white-space: nowrap; }
td.number, th.number { text-align: right; padding: .35rem 1.3rem .35rem .7rem; }
td[style] { background: color-mix(in srgb, var(--accent) calc(55% * var(--share)), transparent); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; margin: 1.2rem 0; }
.tile { background: var(--fill); border-radius: .5rem; padding: .7rem .9rem; }
.tile b { display: block; font-size: 1.35rem; line-height: 1.25; color: var(--accent); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 1rem; }
.charts svg { width: 100%; height: auto; }
.maps { display: flex; flex-wrap: wrap; gap: 1.2rem; align-items: flex-end; }
.maps svg { max-width: 100%; height: auto; }
.raster { fill: var(--fill); stroke: var(--line); }
.training { fill: #3b82c4; background: #3b82c4; }
.validation { fill: #e07b39; background: #e07b39; }
.key { display: inline-block; width: .8em; height: .8em; border-radius: .2em; margin: 0 .3em 0 .6em; }
.swatch { display: inline-block; width: .8em; height: .8em; border-radius: .2em; margin-right: .4em;
  outline: 1px solid var(--line); }
.note { border-left: 3px solid var(--line); padding: .2rem 0 .2rem .8rem; margin: .5rem 0; }
.note.bad { border-color: var(--bad); }
pre { background: var(--fill); padding: .9rem; border-radius: .5rem; overflow: auto; font-size: .8rem; }
summary { cursor: pointer; color: var(--soft); }
"""


_CODES = (*range(9), 11, 12, *range(14, 32), *range(127, 160), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF)
UNSHOWN = dict.fromkeys(_CODES, "\N{REPLACEMENT CHARACTER}")
"""Control characters but tabs and ends of lines, and what is none of Unicode."""

Cell = str | float | int | None


def text(value: str) -> str:
    """Text that means itself."""
    return html.escape(shown(value))


def shown(value: str) -> str:
    """Text with a sign in the place of each character that HTML and XML cannot hold, such as in a label's value."""
    return value.translate(UNSHOWN)


def spoken(name: str) -> str:
    """A name of networks, stages and losses, for people."""
    return shown(name.replace("_", " "))


def table(
    caption: str,
    head: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    colors: dict[str, str] | None = None,
    shares: Sequence[Sequence[float | None]] | None = None,
) -> str:
    """A table; its first column names the rows, numbers and gaps are set right, names of classes get their colour.

    Args:
        caption: what it shows.
        head: the columns' names.
        rows: their cells.
        colors: class names to colours.
        shares: from 0 to 1, how deep each cell of each row is shaded.
    """
    right = [any(isinstance(row[column], float | int) for row in rows) for column in range(len(head))]
    kinds = [' class="number"' if number else "" for number in right]
    top = "".join(f'<th scope="col"{kind}>{text(name)}</th>' for kind, name in zip(kinds, head, strict=True))
    depths = shares or [[None] * len(head)] * len(rows)
    body = "".join(_row(row, kinds, depth, colors) for row, depth in zip(rows, depths, strict=True))
    return (
        f'<div class="wide" tabindex="0"><table><caption>{text(caption)}</caption><thead><tr>{top}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def figure(content: str, caption: str) -> str:
    """An image or drawing with its caption."""
    return f"<figure>{content}<figcaption>{text(caption)}</figcaption></figure>"


def picture(path: Path, description: str) -> str:
    """A JPEG file, embedded."""
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return f'<img src="data:image/jpeg;base64,{data}" alt="{text(description)}">'


def _row(row: Sequence[Cell], kinds: list[str], depths: Sequence[float | None], colors: dict[str, str] | None) -> str:
    first, *others = (
        (_cell(value, colors), kind, "" if depth is None else f' style="--share:{depth:.3f}"')
        for value, kind, depth in zip(row, kinds, depths, strict=True)
    )
    cells = "".join(f"<td{kind}{style}>{content}</td>" for content, kind, style in others)
    return f'<tr><th scope="row"{first[1]}>{first[0]}</th>{cells}</tr>'


def _cell(value: Cell, colors: dict[str, str] | None) -> str:
    if value is None:
        return '<span aria-label="none">–</span>'
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, int):
        return f"{value:,}"
    color = (colors or {}).get(value)
    swatch = f'<span class="swatch" style="background:{color}" aria-hidden="true"></span>' if color else ""
    return swatch + text(value)

"""Pieces of HTML: text, tables, figures."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from pathlib import Path

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

"""The user guide in the browser: the Markdown of `docs/user-guide` as pages among QGIS's temporary files.

A guide in another language lies in a folder of that name and has the same pages and sections, which
`tests/engine/test_guide_languages.py` holds; headings name their English anchors (`## Kurven {#curves}`).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from qgis.core import QgsProcessingUtils
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtGui import QTextDocument

from .translation import language

GUIDE = Path(__file__).parent.parent / "docs" / "user-guide"
LOOK = (
    "<style>body {max-width: 48em; margin: 2em auto; padding: 0 1em; line-height: 1.4} "
    "body, span, td, p {font-family: sans-serif !important} img {max-width: 100%} "
    "table {border-collapse: collapse} td {border: 1px solid #999; padding: 0.3em 0.6em}</style>"
)

STRONG_ITEM = re.compile(r"^( *(?:-|\d+\.) )(?=\*\*)", re.MULTILINE)
"""An item that begins with strong words, all of which Qt's reader of Markdown would make strong."""


def help_url(page: str, section: str = "") -> str:
    """The address of a page of the guide, in QGIS's language where there is one; it is written where missing or old.

    Args:
        page: a file of the guide without its ending.
        section: a heading of the English guide, as `anchor` makes it.
    """
    own = GUIDE / language() / f"{page}.md"
    url = QUrl.fromLocalFile(str(_rendered(own if own.exists() else GUIDE / f"{page}.md")))
    url.setFragment(section)
    return url.toString()


def anchor(heading: str) -> str:
    """A heading as the part of an address after #: `To do` is `to-do`, `Kurven {#curves}` is `curves`."""
    named = re.search(r"\{#([\w-]+)\}$", heading)
    return named[1] if named else re.sub(r"[^\w]+", "-", heading.lower()).strip("-")


def _rendered(source: Path) -> Path:
    target = _target(source)
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_html(source), encoding="utf-8")
        for name in re.findall(r"\]\(([\w./-]+\.md)", source.read_text(encoding="utf-8")):
            if _is_page(_beside(source, name)):
                _rendered(_beside(source, name))
    return target


def _target(source: Path) -> Path:
    place = Path(QgsProcessingUtils.tempFolder()) / "geodistil-help" / source.relative_to(GUIDE)
    return place.with_suffix(".html")


def _beside(source: Path, name: str) -> Path:
    return Path(os.path.normpath(source.parent / name))


def _is_page(path: Path) -> bool:
    return path.suffix == ".md" and GUIDE in path.parents and path.exists()


def _html(source: Path) -> str:
    document = QTextDocument()
    document.setMarkdown(STRONG_ITEM.sub(r"\1&#8203;", source.read_text(encoding="utf-8")))
    text = re.sub(r"<(h\d)([^>]*)>(.*?)</\1>", _with_anchor, document.toHtml(), flags=re.DOTALL)
    text = re.sub(r'(src|href)="(?!\w+:|#)([^"#]+)(#[^"]*)?"', lambda found: _led(source, *found.groups("")), text)
    spoken = source.parent.name if source.parent != GUIDE else "en"
    text = text.replace("<html>", f'<html lang="{spoken}">', 1)
    return text.replace("</head>", f'<meta charset="utf-8">{LOOK}</head>', 1)


def _led(source: Path, attribute: str, name: str, section: str) -> str:
    path = _beside(source, name)
    if _is_page(path):
        address = Path(os.path.relpath(_target(path), _target(source).parent)).as_posix()
    else:
        address = QUrl.fromLocalFile(str(path)).toString()
    return f'{attribute}="{address}{section}"'


def _with_anchor(found: re.Match[str]) -> str:
    tag, attributes, inside = found.groups()
    heading = re.sub("<[^>]+>", "", inside)
    inside = re.sub(r"\s*\{#[\w-]+\}", "", inside)
    return f'<{tag} id="{anchor(heading)}"{attributes}>{inside}</{tag}>'

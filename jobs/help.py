"""The user guide in the browser: the Markdown of `docs/user-guide` as pages among QGIS's temporary files."""

from __future__ import annotations

import re
from pathlib import Path

from qgis.core import QgsProcessingUtils
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtGui import QTextDocument

GUIDE = Path(__file__).parent.parent / "docs" / "user-guide"
LOOK = (
    "<style>body {max-width: 48em; margin: 2em auto; padding: 0 1em; line-height: 1.4} "
    "body, span, td, p {font-family: sans-serif !important} img {max-width: 100%} "
    "table {border-collapse: collapse} td {border: 1px solid #999; padding: 0.3em 0.6em}</style>"
)


def help_url(page: str, section: str = "") -> str:
    """The address of a page of the guide, which is written first where it is missing or old.

    Args:
        page: a file of the guide without its ending.
        section: a heading there, as `anchor` makes it.
    """
    target = _rendered(GUIDE / f"{page}.md")
    url = QUrl.fromLocalFile(str(target))
    url.setFragment(section)
    return url.toString()


def anchor(heading: str) -> str:
    """A heading as the part of an address after #: `What you can do` is `what-you-can-do`."""
    return re.sub(r"[^\w]+", "-", heading.lower()).strip("-")


def _rendered(source: Path) -> Path:
    target = _target(source)
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_html(source), encoding="utf-8")
        for page in re.findall(r"\]\((\w[\w-]*)\.md", source.read_text(encoding="utf-8")):
            if (GUIDE / f"{page}.md").exists():
                _rendered(GUIDE / f"{page}.md")
    return target


def _target(source: Path) -> Path:
    return Path(QgsProcessingUtils.tempFolder()) / "geodistil-help" / f"{source.stem}.html"


def _html(source: Path) -> str:
    document = QTextDocument()
    document.setMarkdown(source.read_text(encoding="utf-8"))
    text = re.sub(r"<(h\d)([^>]*)>(.*?)</\1>", _with_anchor, document.toHtml(), flags=re.DOTALL)
    text = re.sub(r'href="([\w-]+)\.md(#[^"]*)?"', r'href="\1.html\2"', text)
    text = re.sub(r'(src|href)="(?!\w+:|#|[\w-]+\.html)([^"]+)"', lambda found: _beside(source, *found.groups()), text)
    return text.replace("</head>", f'<meta charset="utf-8">{LOOK}</head>', 1)


def _beside(source: Path, attribute: str, name: str) -> str:
    return f'{attribute}="{QUrl.fromLocalFile(str(source.parent / name)).toString()}"'


def _with_anchor(found: re.Match[str]) -> str:
    tag, attributes, inside = found.groups()
    return f'<{tag} id="{anchor(re.sub("<[^>]+>", "", inside))}"{attributes}>{inside}</{tag}>'

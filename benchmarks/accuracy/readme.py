"""The finished tables into this folder's README."""

from __future__ import annotations

from pathlib import Path

README = Path(__file__).with_name("README.md")
MARK = "<!-- Below this line: python -m benchmarks.accuracy readme -->"


def write_readme(output: Path, readme: Path = README) -> Path:
    """Put every table below `output` behind the README's mark, in place of those there.

    Raises:
        SystemExit: there is no table yet.
    """
    tables = sorted(output.glob("*/table.md")) + sorted(output.glob("*/speed.md"))
    if not tables:
        raise SystemExit(f"There is no table below {output}; fill one first.")
    kept = readme.read_text(encoding="utf-8").split(MARK)[0]
    readme.write_text(
        kept + "\n\n".join([MARK, *(path.read_text().strip() for path in tables)]) + "\n", encoding="utf-8"
    )
    return readme

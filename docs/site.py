"""The documentation as a site: `make docs` puts it into build/site, strictly, so that a link that leads nowhere fails.

Every page of the repository is taken as it is, where it is, so that links between them hold; what else they link to
comes along. Pages of the API reference are made here, one a package, from the docstrings of its modules.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "build" / "site-pages"
LEFT_OUT = (".github/",)
LINK = re.compile(r"\]\(([^)\s#]+)")
PACKAGES = (
    "config",
    "datasets",
    "events",
    "data",
    "models",
    "distillation",
    "recipes",
    "training",
    "inference",
    "evaluation",
    "packages",
    "report",
    "processes",
    "demo",
)
"""In the order in which data flows."""


def main() -> int:
    """Collect the pages, then build the site."""
    shutil.rmtree(PAGES, ignore_errors=True)
    for name in tracked("*.md"):
        if not name.startswith(LEFT_OUT):
            take(name)
    for package in PACKAGES:
        write_reference(package)
    write_contents()
    return subprocess.run([sys.executable, "-m", "mkdocs", "build", "--strict", *sys.argv[1:]], cwd=ROOT).returncode


def tracked(pattern: str) -> list[str]:
    """Files that git knows, also new ones, as paths from the root."""
    listing = ["git", "ls-files", "-co", "--exclude-standard", pattern]
    return subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()


def take(name: str) -> None:
    """Copy a page and the files that it links to; a link to a folder becomes one to the page that introduces it."""
    source = ROOT / name
    text = source.read_text(encoding="utf-8")
    for link in set(LINK.findall(text)):
        target = source.parent / link
        if re.match(r"\w+:", link) or target.suffix == ".md":
            continue
        if target.is_dir():
            introduction = next(each for each in ("index.md", "README.md") if (target / each).exists())
            text = text.replace(f"]({link})", f"]({link.rstrip('/')}/{introduction})")
        elif target.is_file():
            copy = PAGES / target.resolve().relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(target, copy)
    page = PAGES / name
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text, encoding="utf-8")


def write_reference(package: str) -> None:
    """The page of a package: its docstring, and its modules' public names."""
    page = PAGES / "reference" / f"{package}.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"# engine.{package}", "", ast.get_docstring(parsed(f"engine/{package}/__init__.py")) or "", ""]
    for name in tracked(f"engine/{package}/*.py"):
        module = name.removesuffix(".py").replace("/", ".")
        if not module.endswith(("__init__", "__main__")):
            lines += [f"## {module.removeprefix(f'engine.{package}.')}", "", f"::: {module}", ""]
    page.write_text("\n".join(lines), encoding="utf-8")


def write_contents() -> None:
    """The reference's first page."""
    lines = [
        "# API reference",
        "",
        "The engine's packages, in the order in which data flows. It is made from docstrings.",
        "",
    ]
    for package in PACKAGES:
        sentence = (
            (ast.get_docstring(parsed(f"engine/{package}/__init__.py")) or "").split("\n\n")[0].replace("\n", " ")
        )
        lines.append(f"- [engine.{package}]({package}.md): {sentence}")
    (PAGES / "reference" / "index.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def parsed(name: str) -> ast.Module:
    """A module's syntax."""
    return ast.parse((ROOT / name).read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(main())

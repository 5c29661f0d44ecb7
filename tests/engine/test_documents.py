"""What the documents point at is there."""

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLACES = ("*.md", "docs/**/*.md", "benchmarks/**/*.md", "resources/**/*.md")
DOCUMENTS = sorted(path.relative_to(ROOT).as_posix() for place in PLACES for path in ROOT.glob(place))
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
NAME = re.compile(r"(?<![\w./\"-])((?:[a-z_]\w*\.)+)([A-Za-z_]\w+)\b(?!\.\w)")
SUFFIXES = {"json", "jsonl", "tif", "gpkg", "png", "html", "py", "txt", "lock", "partial"}
PATH = re.compile(r"`([\w./-]+/[\w./-]*\.(?:py|md|json|sh|txt|ts))`")


def anchors(text):
    return {anchor(heading) for heading in HEADING.findall(text)}


def anchor(heading):
    """As `jobs.help` has it: `Kurven {#curves}` is `curves`."""
    named = re.search(r"\{#([\w-]+)\}$", heading)
    return named[1] if named else re.sub(r"[^\w]+", "-", re.sub(r"[`*]", "", heading).lower()).strip("-")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name):
    source = ROOT / name
    missing = []
    for link in LINK.findall(source.read_text(encoding="utf-8")):
        if re.match(r"\w+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = source.parent / path if path else source
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            missing.append(link)
    assert missing == []


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "README.md", "SECURITY.md"])
def test_every_file_named_is_there(name):
    named = PATH.findall((ROOT / name).read_text(encoding="utf-8"))
    places = (ROOT, ROOT / "engine", ROOT / "engine" / "recipes")
    patterns = [path for path in named if re.search(r"NAME|COMMAND|^build/|^dist/", path)]
    gone = [path for path in named if not any((place / path).exists() for place in places)]
    assert sorted(set(gone) - set(patterns)) == []


FIELDS = ("name", "asname", "id", "attr", "arg")


@cache
def words():
    """Every name in the code of each module, by its name, and of all modules of a package, by the package's."""
    found = defaultdict(set)
    for top in ("engine", "jobs", "toolbox", "ui"):
        for path in (ROOT / top).glob("**/*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            above = path.relative_to(ROOT).parts[:-1]
            here = {*above, path.stem, *(getattr(node, field, None) for node in ast.walk(tree) for field in FIELDS)}
            for name in (*above, path.stem):
                found[name] |= here
    return found


def unknown(text):
    """Names such as `grid.Grid` whose module has no such name; settings of runs have those of `engine.config`."""
    for match in NAME.finditer(text):
        *packages, module = match[1].strip(".").split(".")
        if match[2] in SUFFIXES:
            continue
        if module in words():
            known = match[2] in words()[module] | words()["config"]
        else:
            known = not packages or packages[-1] not in words()
        if not known:
            yield match[0]


def test_every_name_of_the_architecture_is_in_the_code():
    assert list(unknown("`grid.Grid`, `grid.Gird`, `jobs.gone.name`, `run.json`")) == ["grid.Gird", "jobs.gone.name"]
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert sorted(set(unknown(text))) == []


def test_every_promise_names_tests_that_exist():
    text = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    assert len(named) > 20
    files = {path: (ROOT / path).read_text(encoding="utf-8") if (ROOT / path).exists() else "" for path, _ in named}
    assert [f"{path}::{test}" for path, test in named if f"def {test}(" not in files[path]] == []
    rows = [line for line in text.splitlines() if line.startswith("| ") and "held by" not in line]
    promises = [row for row in rows if row.count("|") == 4 and "---" not in row]
    assert [row for row in promises if "::" not in row] == []

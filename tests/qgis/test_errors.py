"""Every code that the plugin gives its errors is explained in the guide, under a heading that never moves."""

import ast
import re
from pathlib import Path

from geodistil.jobs.errors import REFERENCES, STOPPED, GeoDistilError
from geodistil.jobs.help import anchor

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "user-guide" / "errors.md").read_text(encoding="utf-8")
HEADINGS = re.findall(r"^## (.+)$", GUIDE, re.MULTILINE)


def trees(*rooms):
    for room in rooms:
        for path in (ROOT / room).rglob("*.py"):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def codes_in_use():
    """The first argument of each error that is made, and the installer's table of sentences."""
    for path, tree in trees("jobs", "ui", "toolbox"):
        for node in ast.walk(tree):
            name = getattr(getattr(node, "func", None), "id", "")
            if name in ("GeoDistilError", "InstallError") and node.args and isinstance(node.args[0], ast.Constant):
                yield node.args[0].value, path
    from geodistil.jobs.installer.errors import SENTENCES

    yield from ((code, "SENTENCES") for code, *_ in SENTENCES)


def test_every_code_in_use_has_a_reference():
    used = dict(codes_in_use())
    assert len(used) > 12 and {code: path for code, path in used.items() if code not in REFERENCES} == {}


def test_the_guide_explains_every_reference_and_nothing_else():
    assert sorted(HEADINGS) == sorted(REFERENCES.values()) and len(set(HEADINGS)) == len(HEADINGS)
    assert [anchor(heading) for heading in HEADINGS] == [heading.lower() for heading in HEADINGS]
    for code, reference in REFERENCES.items():
        section = GUIDE.split(f"## {reference}\n")[1].split("\n## ")[0]
        assert code == "error" or f"(`{code}`)" in " ".join(section.split())


def test_the_engine_calls_its_errors_the_same():
    tree = ast.parse((ROOT / "engine" / "errors.py").read_text(encoding="utf-8"))
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            values = {each.targets[0].id: each.value.value for each in node.body if isinstance(each, ast.Assign)}
            found[values["code"]] = values["reference"]
    assert len(found) > 10 and found.items() <= REFERENCES.items()


def test_details_say_where_to_read_more_but_of_a_cancel(qgis_app):
    error = GeoDistilError.from_event({"code": "raster", "message": "No."}, "the last lines")
    assert error.reference == "GD-301" and str(error) == "No."
    assert error.explained().startswith("the last lines\n") and "GD-301" in error.explained()
    assert GeoDistilError(STOPPED, "Cancelled.").explained() == ""
    assert GeoDistilError("of a newer engine", "x").reference == "GD-100"

"""Every error has a code, a reference and a remedy; the guide explains each, and nothing else."""

import ast
import json
import re
from pathlib import Path

import pytest

from engine import errors
from engine.cli.main import main
from engine.errors import UNEXPECTED, GeoDistilError

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "user-guide" / "errors.md").read_text(encoding="utf-8")
SECTIONS = {each[:6]: " ".join(each[6:].split()) for each in GUIDE.split("\n## ")[1:]}
OWN = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, GeoDistilError)]


def test_every_kind_has_its_own_of_all():
    assert len(OWN) > 10
    for attribute in ("code", "reference", "remedy"):
        values = [vars(each)[attribute] for each in OWN]
        assert len(set(values)) == len(values)
    assert all(re.fullmatch(r"GD-\d{3}", each.reference) for each in OWN)


@pytest.mark.parametrize("kind", OWN, ids=lambda each: each.__name__)
def test_the_guide_explains_it(kind):
    assert kind.remedy in SECTIONS[kind.reference]
    assert kind is GeoDistilError or f"(`{kind.code}`)" in SECTIONS[kind.reference]


CAUGHT = {"Beyond"}
"""What the engine raises for itself, as it does what begins with _: readers make a sentence of it."""


def test_what_is_raised_anywhere_is_of_the_tree():
    """Classes of errors elsewhere in the engine stand on these, and so have all of it."""
    names = {each.__name__ for each in OWN}
    for path in (ROOT / "engine").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            bases = [ast.unparse(base) for base in getattr(node, "bases", [])] if isinstance(node, ast.ClassDef) else []
            raised = [base for base in bases if base.endswith(("Error", "Exception")) and base != "BaseException"]
            if raised and path.name != "errors.py" and node.name not in CAUGHT and not node.name.startswith("_"):
                assert set(bases) & names, f"{path}: {node.name} is none of engine.errors"


def test_the_command_line_ends_with_the_reference(tmp_path, capsys):
    assert main(["check", str(tmp_path), "--json"]) == 1
    said = capsys.readouterr()
    assert said.err.strip().endswith(f"There is no run file at {tmp_path / 'run.json'}. [GD-201]")
    error = json.loads(said.out)["error"]
    assert (error["reference"], error["code"]) == ("GD-201", "config") and error["remedy"] in SECTIONS["GD-201"]


def test_a_fault_of_ours_has_a_reference_too(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("engine.cli.check.describe", lambda *arguments: 1 / 0)
    assert main(["check", str(tmp_path)]) == 1
    assert f"[{UNEXPECTED}]" in capsys.readouterr().err and UNEXPECTED in SECTIONS

"""Rows of parameters that travel together are small classes: no function has more than five, but for a few."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("engine", "jobs", "toolbox", "ui")
MOST = 5

TORCH = "PyTorch's own signature, which it replaces"
LONGER = {
    "engine/models/blocks.py:_batch_norm": TORCH,
    "engine/models/blocks.py:_Normalise.forward": TORCH,
}
"""Functions with more parameters, and why."""


def functions(node, scope=(), owned=False):
    """(name, its parameters but self and cls) of all functions in a module, those inside others too."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            own = child.args
            names = [each.arg for each in (*own.posonlyargs, *own.args, *own.kwonlyargs)]
            names += [each.arg for each in (own.vararg, own.kwarg) if each is not None]
            if owned and names[:1] in (["self"], ["cls"]):
                del names[0]
            yield ".".join((*scope, child.name)), names
            yield from functions(child, (*scope, child.name))
        elif isinstance(child, ast.ClassDef):
            yield from functions(child, (*scope, child.name), owned=True)
        else:
            yield from functions(child, scope, owned)


def longer():
    """Names, with their files, of all functions of the code with more than `MOST` parameters."""
    found = {}
    for path in (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))):
        for name, parameters in functions(ast.parse(path.read_text(encoding="utf-8"))):
            if len(parameters) > MOST:
                found[f"{path.relative_to(ROOT).as_posix()}:{name}"] = parameters
    return found


def test_parameters_are_counted_in_methods_nested_and_keyword_only_ones():
    code = "class A:\n def f(self, a, /, b, *c, d, **e):\n  def g(self, x): ...\n@staticmethod\ndef h(cls, *, y): ..."
    assert dict(functions(ast.parse(code))) == {
        "A.f": ["a", "b", "d", "c", "e"],
        "A.f.g": ["self", "x"],
        "h": ["cls", "y"],
    }


def test_no_function_has_a_row_of_parameters():
    found = longer()
    new = {name: parameters for name, parameters in found.items() if name not in LONGER}
    assert not new, f"more than {MOST} parameters; give those that travel together a class of their own: {new}"
    assert not LONGER.keys() - found.keys(), "these are shorter now: take them off the list"

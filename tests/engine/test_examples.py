"""The examples in docstrings say what the code does."""

import doctest
import importlib
import inspect
from pathlib import Path

import pytest
import torch

from engine import distillation

ENGINE = Path(__file__).resolve().parents[2] / "engine"
WITH_EXAMPLES = sorted(path for path in ENGINE.rglob("*.py") if ">>> " in path.read_text(encoding="utf-8"))
LEAST = 80
"""Examples that there are."""


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: path.relative_to(ENGINE).as_posix())
def test_the_examples_of_a_module_say_what_it_does(path):
    torch.manual_seed(0)
    module = importlib.import_module(".".join(path.relative_to(ENGINE.parent).with_suffix("").parts))
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


def test_every_loss_has_an_example():
    losses = {name: getattr(distillation, name) for name in distillation.__all__}
    without = [
        name for name, loss in losses.items()
        if inspect.isfunction(loss) and loss.__module__.startswith(distillation.__name__) and ">>> " not in loss.__doc__
    ]  # fmt: skip
    assert not without


def test_there_are_examples_of_many_functions():
    finder = doctest.DocTestFinder()
    modules = [
        importlib.import_module(".".join(each.relative_to(ENGINE.parent).with_suffix("").parts))
        for each in WITH_EXAMPLES
    ]
    assert sum(bool(found.examples) for module in modules for found in finder.find(module)) >= LEAST

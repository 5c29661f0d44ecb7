"""What people write into a package's item besides its card."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.packages.item import said_besides

MODEL = Path(__file__).parent / "design_1"


def test_licence_and_source_go_along_when_a_model_is_exported(tmp_path):
    copy = shutil.copytree(MODEL, tmp_path / "model")
    item = json.loads((copy / "item.json").read_text())
    item["properties"] |= {"license": "CC-BY-4.0", "geodistil:source": "the town's survey", "other": "x"}
    (copy / "item.json").write_text(json.dumps(item))
    assert main(["export", str(copy), "--output", str(tmp_path / "model.zip")]) == 0
    with zipfile.ZipFile(tmp_path / "model.zip") as archive:
        properties = json.loads(archive.read("item.json"))["properties"]
    assert (properties["license"], properties["geodistil:source"]) == ("CC-BY-4.0", "the town's survey")


@pytest.mark.parametrize("item", [None, [], {}, {"properties": []}, {"properties": {"license": 3}}])
def test_of_a_damaged_item_nothing_is_kept(item):
    assert said_besides(item) == {}

"""The catalogue of a folder of packages, as pystac reads it and as its files are."""

import hashlib
import json
import shutil
import zipfile
from pathlib import Path
from urllib.parse import unquote

import pytest

from engine.cli.main import main

from .test_item import validator

pystac = pytest.importorskip("pystac", reason="it reads the catalogue as other programs do")


@pytest.fixture
def zoo(package, tmp_path):
    """A folder with a package, a zip of it, a run of it, and things that are none."""
    folder = tmp_path / "our zoo"
    shutil.copytree(package, folder / "häuser (1)")
    shutil.copytree(package, folder / "runs" / "town" / "model")
    with zipfile.ZipFile(folder / "cars.zip", "w") as archive:
        for path in package.iterdir():
            archive.write(path, f"cars/{path.name}")
    (folder / "readme.txt").write_text("nothing")
    return folder


def test_pystac_finds_every_package_with_the_files_sizes_and_checksums(zoo, capsys):
    assert main(["zoo", str(zoo), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["models"] == ["Häuser & cars"] * 3
    catalogue = pystac.Catalog.from_file(answer["catalogue"])
    assert catalogue.title == "our zoo"
    items = {item.id: item for item in catalogue.get_items()}
    assert set(items) == {"häuser-1", "cars-zip", "runs-town-model"}
    for item in items.values():
        assert item.properties["mlm:tasks"] == ["object-detection", "semantic-segmentation"]
        assert item.get_parent() is catalogue
        validator().validate(item.to_dict(include_self_link=False))
        item.make_asset_hrefs_absolute()
        for asset in item.assets.values():
            content = Path(unquote(asset.href)).read_bytes()
            assert asset.extra_fields["file:size"] == len(content)
            assert asset.extra_fields["file:checksum"] == "1220" + hashlib.sha256(content).hexdigest()
    assert set(items["cars-zip"].assets) == {"package", "thumbnail"}
    assert {"item-json", "model-safetensors", "model-onnx"} <= set(items["häuser-1"].assets)


def test_a_second_catalogue_is_of_what_is_there_now(zoo):
    assert main(["zoo", str(zoo)]) == 0
    (zoo / "items" / "mine.txt").write_text("kept")
    shutil.rmtree(zoo / "runs")
    assert main(["zoo", str(zoo), "--title", "Second"]) == 0
    assert sorted(path.name for path in (zoo / "items").iterdir()) == [
        "cars-zip.json", "cars-zip.png", "häuser-1.json", "mine.txt",
    ]  # fmt: skip
    catalogue = json.loads((zoo / "catalog.json").read_text())
    assert (catalogue["title"], len(catalogue["links"])) == ("Second", 3)


def test_what_is_no_zoo_is_refused(zoo, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (zoo / "broken.zip").write_bytes(b"PK no archive")
    for folder, words in ((tmp_path / "empty", "holds no model package"), (tmp_path / "no", "is not a folder"),
                          (zoo, "broken.zip is not a readable model package")):  # fmt: skip
        assert main(["zoo", str(folder)]) == 1
        assert words in capsys.readouterr().err
    assert not (zoo / "catalog.json").exists() and not (zoo / "items").exists()

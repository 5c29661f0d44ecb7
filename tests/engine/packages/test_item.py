import json
import os
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource

from engine.config import Card
from engine.errors import PackageError
from engine.packages.item import CARD_KEY, VERSION_KEY, make_item, read_card

pystac = pytest.importorskip("pystac", reason="STAC's schemas come with pystac")
SCHEMAS = Path(pystac.__file__).parent / "validation" / "jsonschemas"
PUBLISHED = os.environ.get("GEODISTIL_SCHEMAS")
"""A folder with what https://stac-extensions.github.io has, for who can reach it: mlm/v1.4.0/schema.json and so on."""


def validator():
    """STAC 1.1's item schema with all that it refers to, as pystac ships them."""
    parts = {f"https://geojson.org/schema/{path.name}": path for path in (SCHEMAS / "geojson").iterdir()}
    specification = "https://schemas.stacspec.org/v1.1.0/item-spec/json-schema"
    parts |= {f"{specification}/{path.name}": path for path in (SCHEMAS / "stac-spec" / "v1.1.0").iterdir()}
    contents = {uri: json.loads(path.read_text()) for uri, path in parts.items()}
    registry = Registry().with_resources((uri, Resource.from_contents(each)) for uri, each in contents.items())
    return Draft7Validator(contents[f"{specification}/item.json"], registry=registry)


@pytest.fixture
def item(package):
    return json.loads((package / "item.json").read_text())


def test_the_item_is_valid_stac(item):
    validator().validate(item)
    item["properties"].pop("datetime")
    assert not validator().is_valid(item), "the schema does check"


def test_the_model_is_valid_for_the_extensions_own_classes(item):
    """The schema's authors publish it as pydantic classes too, which a registry has."""
    schema = pytest.importorskip("stac_model.schema", reason="the extension's classes come with stac-model")
    values = {name: value for name, value in item["properties"].items() if name.startswith("mlm:")}
    model = schema.MLModelProperties.model_validate(values)
    assert model.name == "H-user-cars" and len(model.input) == 1 and len(model.output) == 2
    values["mlm:input"][0]["input"].pop("dim_order")
    with pytest.raises(ValueError, match="dim_order"):
        schema.MLModelProperties.model_validate(values)


@pytest.mark.skipif(not PUBLISHED, reason="GEODISTIL_SCHEMAS names no folder of the extensions' published schemas")
@pytest.mark.parametrize("tasks", [("detection", "segmentation"), ("segmentation",), ("detection",)])
def test_the_item_is_valid_for_the_extensions_published_schemas(make_card, tasks):
    site = "https://stac-extensions.github.io"
    files = {f"{site}/{path.relative_to(PUBLISHED).as_posix()}": path for path in Path(PUBLISHED).rglob("schema.json")}
    contents = {uri: json.loads(path.read_text()) for uri, path in files.items()}
    registry = Registry().with_resources((uri, Resource.from_contents(each)) for uri, each in contents.items())
    item = make_item(make_card(tasks=list(tasks)), 5, {"model.safetensors", *(f"{task}.onnx" for task in tasks)})
    for uri in item["stac_extensions"]:
        Draft7Validator(contents[uri], registry=registry).validate(item)
    item["properties"]["mlm:input"][0]["input"].pop("dim_order")
    assert not Draft7Validator(contents[item["stac_extensions"][0]], registry=registry).is_valid(item)


def test_a_card_without_footprint_and_time_is_valid_stac_too(make_card):
    validator().validate(make_item(make_card(geometry=None, created="", name="1"), 5, {"model.safetensors"}))


def test_pystac_reads_its_model_extension(package):
    item = pystac.Item.from_file(str(package / "item.json"))
    model = item.ext.mlm
    assert model.total_parameters > 10_000 and model.architecture == "fpn tu-test_resnet"
    assert [str(task) for task in model.tasks] == ["object-detection", "semantic-segmentation"]
    assert model.input[0].bands == ["band-1", "band-2", "band-4"]
    classes = model.output[1].classes
    assert [(each.value, each.name, each.color_hint) for each in classes][1] == (1, "roof", "FF8800")


def test_every_asset_is_a_file_of_the_package_and_models_say_how_they_were_made(item, package):
    assert {asset["href"].removeprefix("./") for asset in item["assets"].values()} == {
        path.name for path in package.iterdir()
    } - {"item.json"}
    for asset in item["assets"].values():
        assert ("mlm:model" in asset["roles"]) == ("mlm:artifact_type" in asset)


def test_the_card_comes_back_whole(item, card):
    assert read_card(item, "x") == card


def test_a_newer_package_says_so(item):
    item["properties"][VERSION_KEY] = 99
    with pytest.raises(PackageError, match="newer GeoDistil"):
        read_card(item, "model.zip")


def test_a_damaged_card_names_the_key(item):
    item["properties"][CARD_KEY]["gsd"] = -1
    with pytest.raises(PackageError, match="gsd"):
        read_card(item, "model.zip")


@pytest.mark.parametrize("content", [[], {}, {"properties": {}}, {"properties": []}, "text"])
def test_other_json_is_not_a_model(content):
    with pytest.raises(PackageError, match="not a GeoDistil model"):
        read_card(content, "model.zip")


def test_the_card_is_all_that_is_needed(item):
    assert set(item["properties"][CARD_KEY]) == set(Card.model_fields)

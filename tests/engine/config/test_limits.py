"""Every field of every model that is read from a file has an end: numbers at both sides, texts in length."""

import json
import math

import pytest
from pydantic import BaseModel

import engine.datasets.writing
import engine.inference.vectors
import engine.packages.description  # noqa: F401 (models are found once they are imported)
from engine.config import Card, ClassDefinition, Run, Training, load_run
from engine.config.card import CardClass
from engine.config.run import Preset
from engine.config.validation import legible
from engine.errors import ConfigError
from engine.files import parse_object

FREE = {"Preset"}
"""Not read from files."""


def descendants(model):
    return {model}.union(*(descendants(each) for each in model.__subclasses__()))


def models():
    ours = [each for each in descendants(BaseModel) if each.__module__.startswith("engine.")]
    ours = [each for each in ours if each.__module__ != "engine.report.history"]  # what training itself leaves
    return sorted((each for each in ours if each.__name__ not in FREE), key=lambda each: each.__qualname__)


def parts(schema, where=""):
    """Every part of a schema that a value may be, with its place."""
    for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for each in schema.get(key, ()):
            yield from parts(each, where)
    for key in ("items", "additionalProperties", "propertyNames"):
        if isinstance(schema.get(key), dict):
            yield from parts(schema[key], f"{where}.{key}")
    yield where, schema


def unbounded(field, schema, most):
    for where, part in parts(schema, field):
        kind = part.get("type")
        if "enum" in part or "const" in part or "$ref" in part:
            continue
        if kind in ("integer", "number"):
            ends = [part.get(f"exclusive{end.capitalize()}", part.get(end)) for end in ("minimum", "maximum")]
            if None in ends or not all(map(math.isfinite, ends)):
                yield where
        if kind == "string" and not (part.get("maxLength") or most):
            yield where
        if kind == "array" and "maxItems" not in part and "enum" not in part.get("items", {}):
            yield where


def test_there_are_models_to_look_at():
    names = {each.__name__ for each in models()}
    assert {"Run", "Training", "Network", "SemiSupervised", "Card", "Description", "LineOptions", "HeldOut"} <= names


@pytest.mark.parametrize("model", models(), ids=lambda each: each.__name__)
def test_every_field_has_an_end(model):
    most = model.model_config.get("str_max_length")
    fields = model.model_json_schema()["properties"]
    assert [place for name, schema in fields.items() for place in unbounded(name, schema, most)] == []


@pytest.mark.parametrize("model", models(), ids=lambda each: each.__name__)
def test_numbers_are_finite_but_for_no_data_and_scores(model):
    assert model.model_config.get("allow_inf_nan") is False or not any(
        part.get("type") == "number"
        for name, schema in model.model_json_schema()["properties"].items()
        for _, part in parts(schema, name)
    )


def test_the_walk_finds_what_has_none():
    class Loose(BaseModel):
        number: float
        above: int | None = 0
        text: str = ""
        texts: list[str] = []

    properties = Loose.model_json_schema()["properties"]
    found = [place for name, schema in properties.items() for place in unbounded(name, schema, None)]
    assert found == ["number", "above", "text", "texts.items", "texts"]
    assert Preset not in models()


RUN = {"sources": [{"raster": "a.tif", "role": "unlabelled"}], "recipe": {"kind": "supervised"}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"training": {"device": "tpu"}}, r"training\.device: it must look like auto, all, cpu, cuda, cuda:1 or mps"),
        ({"training": {"batch_size": 10**18}}, r"training\.batch_size: it must be at most 4096"),
        ({"training": {"batch_size": 2.5}}, r"training\.batch_size: it must be a whole number"),
        ({"training": {"workers": 10**6}}, r"training\.workers: it must be at most 256"),
        ({"training": {"learning_rate": 1e300}}, r"training\.learning_rate: it must be at most 10"),
        ({"training": {"chip_size": 32_000_000}}, r"training\.chip_size: it must be at most 4096"),
        ({"training": {"seed": -1}}, r"training\.seed: it must be at least 0"),
        ({"training": {"seed": 2**64}}, r"training\.seed: it must be at most"),
        ({"split": {"block_size": 1e-9}}, r"split\.block_size: it must be at least 0\.0001"),
        ({"split": {"block_size": math.inf}}, r"split\.block_size: it must be a finite number"),
        ({"split": {"validation": math.nan}}, r"split\.validation: it must be a finite number"),
        ({"gsd": 1e-320}, "gsd: it must be at least"),
        ({"recipe": {"kind": "supervised", "network": {"width": 2**30}}}, r"network\.width: it must be at most"),
        ({"segmentation_classes": [{"name": "ro\x01of"}]}, r"classes\.0\.name: it has the control character U\+0001"),
        ({"segmentation_classes": [{"name": "r" * 300}]}, "name: it must have at most 200 characters"),
        ({"name": "a\nb"}, r"name: it has the control character U\+000A"),
        ({"recipe": {"kind": ["x"]}}, "recipe"),
        ({"preset": ["x"]}, "preset: it must be a text"),
        ({"preset": "x" * 10_000}, r"no preset 'x{80}…'"),
        ({"version": 1, "recipe": {"kind": {}}}, "recipe"),
        ({"version": "9" * 10_000}, "version 9{80}…;"),
        ({"x" * 10_000: 1}, r"unknown key 'x{80}…'"),
        ({"recipe": {"kind": "semi_supervised", "teachers_from": {"a": 5}}}, r"recipe\.teachers_from"),
    ],
)  # fmt: skip
def test_a_setting_beyond_its_bounds_is_one_sentence(tmp_path, changes, words):
    (tmp_path / "run.json").write_text(json.dumps({**RUN, **changes}))
    with pytest.raises(ConfigError, match=words) as error:
        load_run(tmp_path)
    assert "\n" not in str(error.value) and len(str(error.value)) < 400 + len(str(tmp_path))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' * 5_000 + b"1" + b"}" * 5_000, "nested too deeply"),
        (b'{"gsd": ' + b"9" * 10_000 + b"}", "too many digits"),
        (b'{"name": "\xff"}', "not UTF-8 at byte 10"),
        (b"{\x00}", "not valid JSON"),
        (b"[1]", "must hold one JSON object"),
        (b"", "not valid JSON"),
    ],
)
def test_a_file_that_is_no_object_is_one_sentence(tmp_path, content, words):
    (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        load_run(tmp_path)


def test_a_file_without_end_is_not_read():
    with pytest.raises(ValueError, match="larger than"):
        parse_object(b'{"a": "' + b"a" * 200 + b'"}', most=100)


@pytest.mark.parametrize("value", [math.nan, -math.inf, -1.7976931348623157e308, -3.4e38, 0])
def test_any_number_may_be_no_data(value):
    run = Run(**{**RUN, "sources": [{**RUN["sources"][0], "nodata": value}]})
    assert str(run.sources[0].nodata) == str(float(value))


def test_label_values_may_have_what_names_may_not():
    assert ClassDefinition(name="roof", values=["ro\x01of", "a\tb"]).values == ["ro\x01of", "a\tb"]
    assert legible("ro\x01of\ud800\n") == "ro of" and legible("") == "model" and len(legible("r" * 999)) == 200


def test_assigned_values_are_checked_too():
    with pytest.raises(ValueError, match="less than or equal"):
        Training().batch_size = 10**6


CARD = {
    "name": "m", "tasks": ["segmentation"], "gsd": 1, "bands": [1, 2], "dtype": "uint8", "mean": [1, 2], "std": [1, 2],
    "segmentation_classes": [{"name": "roof", "color": "#ff0000"}], "network": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bands": []}, "bands"),
        ({"bands": [-1, 2]}, "bands"),
        ({"bands": [1]}, "mean must have a value for each of its 1 bands"),
        ({"std": [1, 0]}, "std"),
        ({"std": [1, -1]}, "std"),
        ({"std": [1, math.nan]}, "std"),
        ({"mean": [1, math.inf]}, "mean"),
        ({"fill": [1]}, "fill must have a value"),
        ({"source_statistics": [{"name": "a", "mean": [1], "std": [1, 1]}]}, r"source_statistics\.0\.mean must have"),
        ({"dtype": "complex64"}, "dtype"),
        ({"dtype": "O"}, "dtype"),
        ({"gsd": math.inf}, "gsd"),
        ({"tile_size": 32_000_000}, "tile_size"),
        ({"segmentation_classes": []}, "segmentation_classes must not be empty"),
        ({"tasks": ["detection"]}, "detection_classes must not be empty"),
        ({"tasks": []}, "tasks"),
        ({"tasks": ["segmentation", "segmentation"]}, "tasks must differ"),
        ({"score_threshold": 2}, "score_threshold"),
        ({"segmentation_classes": [{"name": "a", "color": "#000000"}] * 255}, "segmentation_classes"),
    ],
)
def test_a_card_s_fields_fit_each_other(changes, words):
    assert Card(**CARD).bands == [1, 2]
    with pytest.raises(ValueError, match=words):
        Card(**{**CARD, **changes})


@pytest.mark.parametrize("color", ["red;}", "#ff00", "#ff000g", "", "#ff0000\n"])
def test_a_colour_is_a_colour(color):
    with pytest.raises(ValueError, match="color"):
        CardClass(name="roof", color=color)

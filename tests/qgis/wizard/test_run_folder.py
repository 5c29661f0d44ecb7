"""A draft becomes a run folder, and a run folder a draft."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from geodistil.jobs.errors import GeoDistilError
from geodistil.jobs.sources.draft import Draft, SourceDraft
from geodistil.jobs.sources.place import folder_name, look_at, name_problem, needed_bytes, parent_problem, run_folder
from geodistil.jobs.sources.preparation import Preparation, placing
from geodistil.jobs.sources.run_file import Files, draft_from_run, run_values
from osgeo import gdal
from qgis.core import QgsFeature, QgsGeometry, QgsRasterLayer, QgsVectorLayer


def rows(path):
    layer = QgsVectorLayer(str(path), path.stem, "ogr")
    return [(feature["class"], feature.geometry()) for feature in layer.getFeatures()]


def test_sources_classes_and_recipe_are_written(draft, prepare, tmp_path):
    draft.training.budget, draft.training.budget_kind = 500.0, "steps"
    folder, run = prepare(draft)
    assert run["sources"] == [
        {
            "raster": str(tmp_path / "north.tif"),
            "name": "north",
            "role": "detection",
            "labels": {
                "path": "labels/cars.gpkg",
                "layer": "cars",
                "field": "class",
                "ignore_values": ["NULL", ""],
            },
            "area": {"kind": "raster"},
        },
        {
            "raster": str(tmp_path / "south.tif"),
            "name": "south",
            "role": "segmentation",
            "labels": {
                "path": "labels/roofs.gpkg",
                "layer": "roofs",
                "field": "class",
                "ignore_values": ["NULL", "", "road"],
            },
            "area": {"kind": "layer", "path": "labels/roofs_2.gpkg", "layer": "roofs_2"},
        },
    ]
    assert run["detection_classes"] == [{"name": "vehicle", "color": "#111111", "values": ["car", "bus"]}]
    assert [each["name"] for each in run["segmentation_classes"]] == ["roof"]
    assert run["recipe"]["kind"] == "partial_multitask" and run["recipe"]["distillation"] == ["soft"]
    assert run["training"]["budget"] == {"steps": 500}
    assert sorted(path.name for path in (folder / "labels").iterdir()) == ["cars.gpkg", "roofs.gpkg", "roofs_2.gpkg"]


def test_copies_have_the_features_and_their_values_as_text(draft, prepare, town):
    folder, _ = prepare(draft)
    copied = rows(folder / "labels" / "cars.gpkg")
    assert [value for value, _ in copied] == ["car", "bus", "car", "NULL"]
    for (_, copy), feature in zip(copied, town["cars"].getFeatures(), strict=True):
        assert copy.isGeosEqual(feature.geometry())


def test_numbers_become_texts_as_the_engine_writes_them(draft, prepare, town, make_boxes, project):
    labels = make_boxes([(1, 1, 9, 9, 10.0), (9, 9, 20, 20, 2.5)], "numbers", field="kind:double")
    project.addMapLayer(labels)
    draft.sources = [SourceDraft(town["north"].id(), "detection", labels.id(), "kind")]
    folder, _ = prepare(draft)
    assert [value for value, _ in rows(folder / "labels" / "numbers.gpkg")] == ["10", "2.5"]


def test_without_a_field_the_layers_name_is_the_class(draft, prepare):
    draft.sources[1].field = ""
    folder, _ = prepare(draft)
    assert {value for value, _ in rows(folder / "labels" / "roofs.gpkg")} == {"roofs"}


def test_rasters_that_share_a_label_layer_share_its_copy(draft, prepare, town):
    draft.sources = [
        SourceDraft(town[name].id(), "detection", town["cars"].id(), "kind") for name in ("north", "south")
    ]
    folder, run = prepare(draft)
    assert {source["labels"]["path"] for source in run["sources"]} == {"labels/cars.gpkg"}
    assert len(rows(folder / "labels" / "cars.gpkg")) == 4


def test_labels_far_from_all_rasters_are_left_behind(draft, prepare, town, make_boxes, project):
    labels = make_boxes([(1, 1, 9, 9, "car"), (9000, 1, 9009, 9, "car")], "wide")
    project.addMapLayer(labels)
    draft.sources = [SourceDraft(town["north"].id(), "detection", labels.id(), "kind")]
    folder, _ = prepare(draft)
    assert len(rows(folder / "labels" / "wide.gpkg")) == 1


def test_curves_become_straight_lines(draft, prepare, town, project):
    labels = QgsVectorLayer("CurvePolygon?crs=EPSG:32633&field=kind:string", "round", "memory")
    disc = QgsFeature(labels.fields())
    disc.setGeometry(
        QgsGeometry.fromWkt(
            "CurvePolygon(CircularString(500010 4999990,500015 4999995,500020 4999990,500015 4999985,500010 4999990))"
        )
    )
    disc.setAttributes(["pool"])
    labels.dataProvider().addFeatures([disc])
    project.addMapLayer(labels)
    draft.sources = [SourceDraft(town["north"].id(), "segmentation", labels.id(), "kind")]
    folder, _ = prepare(draft)
    [(value, geometry)] = rows(folder / "labels" / "round.gpkg")
    assert value == "pool" and "Curve" not in geometry.asWkt()
    assert geometry.area() == pytest.approx(np.pi * 25, rel=0.01)


def test_a_raster_that_is_no_file_is_exported_pixel_by_pixel(draft, prepare, town, project, tmp_path):
    gdal.Translate(
        str(tmp_path / "in.gpkg"),
        town["north"].source(),
        format="GPKG",
        creationOptions=["RASTER_TABLE=t", "TILE_FORMAT=PNG", "BLOCKSIZE=128"],
    )
    inside = QgsRasterLayer(f"GPKG:{tmp_path / 'in.gpkg'}:t", "in side")
    project.addMapLayer(inside)
    draft.sources[0].raster = inside.id()
    draft.sources[0].extent = (500010.0, 4999970.0, 500030.0, 4999990.0)
    folder, run = prepare(draft)
    assert run["sources"][0]["raster"] == "rasters/in_side.tif"
    exported = gdal.Open(str(folder / "rasters" / "in_side.tif")).ReadAsArray()[:3]
    original = gdal.Open(town["north"].source()).ReadAsArray()
    np.testing.assert_array_equal(exported, original[:, 20:60, 20:60])


def test_a_folder_that_cannot_be_written_is_told(draft, project, wait, tmp_path):
    (tmp_path / "run").write_text("a file where the folder should be")
    told = []
    preparation = Preparation(draft, tmp_path / "run", project)
    preparation.failed.connect(told.append)
    preparation.start()
    wait(lambda: told)
    assert isinstance(told[0], GeoDistilError)


def test_a_prepared_folder_goes_to_its_place_with_the_last_settings(draft, prepare, project, tmp_path, town):
    prepared, _ = prepare(draft)
    draft.name, draft.parent, draft.predict = "town: 2", str(tmp_path / "runs"), [town["south"].id()]
    draft.training.device = "cpu"
    folder = placing(draft, prepared, project)(lambda: False)
    assert folder == tmp_path / "runs" / "town_ 2" and not prepared.exists()
    run = json.loads((folder / "run.json").read_text())
    assert (run["name"], run["training"]["device"]) == ("town: 2", "cpu")
    assert (folder / "labels" / "cars.gpkg").exists()
    assert json.loads((folder / "afterwards.json").read_text()) == {"predict": [str(tmp_path / "south.tif")]}


def test_a_run_opens_as_a_template_and_says_the_same_again(draft, prepare, project):
    draft.recipe.kind, draft.recipe.student = "partial_multitask", "medium"
    chosen = {"DISTILLATION": ["soft", "pdf"], "NETWORK_NECK": "pafpn", "TRAINING_PRETRAINING": 0.2}
    draft.recipe.options["partial_multitask"] = chosen
    draft.training.budget, draft.training.budget_kind, draft.training.chip_size = 9.0, "epochs", 128
    draft.background, draft.gsd = False, 0.4
    folder, run = prepare(draft)
    project.clear()
    again = draft_from_run(folder, project)
    _, second = prepare(again, "second")
    assert again.name == "model again"
    assert [layer.name() for layer in project.mapLayers().values() if isinstance(layer, QgsRasterLayer)]
    for key in ("detection_classes", "segmentation_classes", "recipe", "training", "background", "gsd"):
        assert second[key] == run[key], key
    for old, new in zip(run["sources"], second["sources"], strict=True):
        assert {**new, "labels": None, "area": new["area"]["kind"]} == {
            **old,
            "labels": None,
            "area": old["area"]["kind"],
        }
        assert new["labels"]["ignore_values"] == old["labels"]["ignore_values"]


def test_a_template_finds_the_layers_that_are_there(draft, prepare, project, town):
    folder, _ = prepare(draft)
    again = draft_from_run(folder, project)
    assert [source.raster for source in again.sources] == [source.raster for source in draft.sources]
    before = set(project.mapLayers())
    assert draft_from_run(folder, project).sources == again.sources
    assert set(project.mapLayers()) == before


def test_what_the_wizard_has_no_field_for_is_kept_from_the_template(draft, prepare, project):
    folder, run = prepare(draft)
    run["split"] = {"validation": 0.3}
    run["recipe"]["student"]["encoder"] = "resnet18"
    run["training"]["learning_rate"] = 0.0005
    (folder / "run.json").write_text(json.dumps(run))
    again = draft_from_run(folder, project)
    values = run_values(again, Files(again, project), project)
    assert values["split"] == {"validation": 0.3} and values["training"]["learning_rate"] == 0.0005
    assert values["recipe"]["student"] == {"size": "small", "encoder": "resnet18"}
    again.recipe.kind = "supervised"
    recipe = run_values(again, Files(again, project), project)["recipe"]
    assert recipe["network"] == {"size": "small"} and not {"student", "distillation"} & set(recipe)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "There is no run file"),
        ("{", "is not valid JSON"),
        ("[]", "one JSON object"),
        ("{}", "is not a run file"),
        ('{"preset": "igarss2024-sslkd"}', "has the preset igarss2024-sslkd, which the wizard cannot show"),
    ],
)
def test_a_folder_that_is_no_template_says_so(project, tmp_path, text, sentence):
    if text is not None:
        (tmp_path / "run.json").write_text(text)
    with pytest.raises(GeoDistilError, match=sentence):
        draft_from_run(tmp_path, project)


def test_a_template_whose_raster_is_gone_names_it(draft, prepare, project, tmp_path):
    folder, _ = prepare(draft)
    project.clear()
    (tmp_path / "north.tif").unlink()
    with pytest.raises(GeoDistilError, match=r"north\.tif cannot be opened"):
        draft_from_run(folder, project)


def test_names_become_folder_names():
    assert folder_name(' a/b: "c". ') == "a_b_ _c_"
    assert folder_name(" . ") == ""


def place_of(draft):
    return look_at(draft.parent, None)


def test_places_that_cannot_hold_a_run_are_refused(tmp_path):
    draft = Draft(name="town", parent=str(tmp_path))
    assert name_problem(draft, place_of(draft)) == "" and parent_problem(draft, place_of(draft)) == ""
    run_folder(draft).mkdir()
    assert "There is town in this folder already" in name_problem(draft, place_of(draft))
    assert "Give the run a name" in name_problem(Draft(name=" ", parent=str(tmp_path)), place_of(draft))
    (tmp_path / "file").touch()
    for parent, sentence in ((tmp_path / "file" / "x", "is a file"), ("", "Choose"), ("runs", "whole path")):
        draft = Draft(parent=str(parent))
        assert sentence in parent_problem(draft, place_of(draft))


def test_a_disk_with_too_little_room_is_refused(tmp_path):
    full = replace(look_at(str(tmp_path), None), copied=10**15)
    assert "free, and the run needs about 1,000,00" in parent_problem(Draft(parent=str(tmp_path)), full)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that not even root can write")
def test_a_folder_that_may_not_be_written_is_refused():
    draft = Draft(parent="/proc/runs")
    assert parent_problem(draft, place_of(draft)) == "The folder /proc cannot be written; choose another."


def test_larger_networks_and_copied_files_need_more_room(tmp_path):
    small, large = Draft(), Draft()
    small.recipe.teacher = "small"
    assert needed_bytes(large, 0) > needed_bytes(small, 0) > 200e6
    (tmp_path / "raster.tif").write_bytes(bytes(5000))
    assert look_at(str(tmp_path), tmp_path).copied == 5000
    assert needed_bytes(small, 5000) == needed_bytes(small, 0) + 5000

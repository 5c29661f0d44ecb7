"""Potsdam and Vaihingen into run folders."""

import shutil

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from rasterio.enums import ColorInterp

from engine.config import load_run
from engine.datasets import POTSDAM, VAIHINGEN, Boxes, Choices, import_isprs, import_pair, load_held_out
from engine.errors import ConfigError, LabelError, RasterError


def tile_of(source):
    return source.name.split()[1]


def pixel_boxes(labels, raster):
    """{(class, x0, y0, x1, y1)} of a box layer in a raster's pixels."""
    with rasterio.open(raster) as dataset:
        inverse = ~dataset.transform
    _, _, wkb, (classes,) = pyogrio.raw.read(labels.path, layer=labels.layer, columns=["class"])
    pixels = shapely.transform(shapely.from_wkb(wkb), lambda x, y: inverse @ (x, y), interleaved=False)
    extents = shapely.bounds(pixels).round().astype(int)
    return {(name, *map(int, extent)) for name, extent in zip(classes, extents, strict=True)}


def class_values(path):
    with rasterio.open(path) as dataset:
        return dataset.read(1)


def test_the_official_splits_do_not_overlap_and_are_complete():
    assert (len(POTSDAM.train), len(POTSDAM.test), len({*POTSDAM.train, *POTSDAM.test})) == (24, 14, 38)
    assert (len(VAIHINGEN.train), len(VAIHINGEN.test), len({*VAIHINGEN.train, *VAIHINGEN.test})) == (16, 17, 33)


def test_every_other_training_tile_gets_boxes_in_natural_order(potsdam, tmp_path):
    folder, _ = potsdam
    import_isprs(POTSDAM, folder, tmp_path / "run")
    sources = load_run(tmp_path / "run").sources
    by_role = {role: [tile_of(s) for s in sources if s.role == role] for role in ("detection", "segmentation")}
    assert by_role == {"detection": ["2_10", "7_9"], "segmentation": ["6_7", "7_10"]}


def test_a_run_reads_back_with_classes_bands_and_the_original_images(potsdam, tmp_path):
    folder, _ = potsdam
    import_isprs(POTSDAM, folder, tmp_path / "run", choices=Choices(bands="irrg"))
    run = load_run(tmp_path / "run")
    assert run.bands == [4, 1, 2]
    assert [definition.name for definition in run.detection_classes] == ["building", "tree", "car"]
    assert [definition.values for definition in run.segmentation_classes] == [[str(value)] for value in range(1, 7)]
    assert not run.background
    assert run.recipe.kind == "partial_multitask"
    assert all(source.raster.startswith(str(folder)) for source in run.sources)


def test_an_infrared_band_that_a_file_calls_alpha_is_read_as_data(potsdam, tmp_path):
    folder, _ = potsdam
    original = folder / "4_Ortho_RGBIR" / "top_potsdam_2_10_RGBIR.tif"
    with rasterio.open(original, "r+") as dataset:
        dataset.colorinterp = [ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha]
    source = import_isprs(POTSDAM, folder, tmp_path / "run").run.sources[0]
    with rasterio.open(source.raster) as dataset, rasterio.open(original) as first:
        assert ColorInterp.alpha not in dataset.colorinterp
        assert (dataset.dataset_mask() == 255).all()
        assert np.array_equal(dataset.read(), first.read())
        assert (dataset.crs, dataset.transform) == (first.crs, first.transform)


def test_areas_are_the_masks_classes_and_boxes_the_extents_of_objects(potsdam, tmp_path):
    folder, values = potsdam
    import_isprs(POTSDAM, folder, tmp_path / "run", choices=Choices(boxes=Boxes(classes=("building", "car"))))
    for source in load_run(tmp_path / "run").sources:
        truth = values[tile_of(source)]
        if source.role == "segmentation":
            assert np.array_equal(class_values(source.labels.path), truth)
            continue
        expected = {("car", 4, 50, 16, 58)}
        for row in (8, 32):
            columns = np.flatnonzero(truth[row] == 2)
            expected.add(("building", int(columns[0]), row, int(columns[-1]) + 1, row + 14))
        assert pixel_boxes(source.labels, source.raster) == expected


def test_the_test_tiles_are_kept_apart_with_complete_and_eroded_truth(potsdam, made, tmp_path):
    folder, values = potsdam
    import_isprs(POTSDAM, folder, tmp_path / "run")
    items = {(item.task, item.truth): item for item in load_held_out(tmp_path / "run")}
    assert set(items) == {("segmentation", "complete"), ("segmentation", "eroded"), ("detection", "complete")}
    assert {item.name for item in items.values()} == {"potsdam 2_13"}
    eroded = class_values(items["segmentation", "eroded"].labels.path)
    assert np.array_equal(eroded, made.eroded(values["2_13"]))
    assert (eroded == 255).any()
    assert "2_13" not in [tile_of(source) for source in load_run(tmp_path / "run").sources]


def test_a_run_folder_that_moves_keeps_its_labels(potsdam, tmp_path):
    folder, values = potsdam
    import_isprs(POTSDAM, folder, tmp_path / "run")
    shutil.move(tmp_path / "run", tmp_path / "elsewhere")
    source = next(s for s in load_run(tmp_path / "elsewhere").sources if s.role == "segmentation")
    assert np.array_equal(class_values(source.labels.path), values[tile_of(source)])
    item = load_held_out(tmp_path / "elsewhere")[0]
    assert np.array_equal(class_values(item.labels.path), values["2_13"])


def test_tiles_for_boxes_can_be_chosen(potsdam, tmp_path):
    folder, _ = potsdam
    run = import_isprs(POTSDAM, folder, tmp_path / "run", choices=Choices(detection_tiles=["7_10"])).run
    assert [tile_of(source) for source in run.sources if source.role == "detection"] == ["7_10"]
    with pytest.raises(ConfigError, match="9_9"):
        import_isprs(POTSDAM, folder, tmp_path / "other", choices=Choices(detection_tiles=["9_9"]))


@pytest.mark.parametrize(
    ("labelling", "roles"),
    [("boxes", ["detection"]), ("areas", ["segmentation"]), ("both", ["detection", "segmentation"])],
)
def test_all_tiles_can_be_labelled_alike(labelling, roles, potsdam, tmp_path):
    folder, _ = potsdam
    imported = import_isprs(POTSDAM, folder, tmp_path / "run", labelling)
    assert [source.role for source in imported.run.sources] == [role for role in roles for _ in range(4)]
    assert imported.run.recipe.kind == "supervised"
    assert {item.task for item in imported.held_out} == set(roles)


def test_five_tiles_of_a_role_leave_one_whole_tile_for_validation(potsdam, made, tmp_path):
    folder, _ = potsdam
    made.potsdam_tile(folder, "7_12", 9)
    run = import_isprs(POTSDAM, folder, tmp_path / "run", "areas").run
    assert [source.split for source in run.sources] == ["train"] * 4 + ["validation"]


def test_vaihingen_images_get_a_crs_and_keep_their_world_files(vaihingen, tmp_path):
    folder, values = vaihingen
    import_isprs(VAIHINGEN, folder, tmp_path / "run")
    for source in load_run(tmp_path / "run").sources:
        area = tile_of(source)
        original = folder / "top" / f"top_mosaic_09cm_area{area}.tif"
        with rasterio.open(source.raster) as dataset, rasterio.open(original) as first:
            assert dataset.crs == "EPSG:32632"
            assert dataset.transform == first.transform
            assert np.array_equal(dataset.read(), first.read())
        if source.role == "segmentation":
            assert np.array_equal(class_values(source.labels.path), values[area])


def test_a_pair_has_boxes_from_one_and_areas_from_the_other_with_matching_bands(potsdam, vaihingen, tmp_path):
    import_pair((POTSDAM, potsdam[0]), (VAIHINGEN, vaihingen[0]), tmp_path / "run")
    run = load_run(tmp_path / "run")
    seen = {(source.name.split()[0], source.role, tuple(source.bands)) for source in run.sources}
    assert seen == {("potsdam", "detection", (4, 1, 2)), ("vaihingen", "segmentation", (1, 2, 3))}
    assert run.gsd == 0.09
    assert {item.name for item in load_held_out(tmp_path / "run")} == {"potsdam 2_13", "vaihingen 2"}


def test_tiles_that_are_not_there_are_named(potsdam, tmp_path):
    folder, _ = potsdam
    notes = import_isprs(POTSDAM, folder, tmp_path / "run").notes
    assert any(note.startswith("20 of the 24 official training tiles") and "2_11" in note for note in notes)


def test_a_test_tile_without_a_mask_is_noted_and_a_training_tile_without_one_is_an_error(potsdam, tmp_path):
    folder, _ = potsdam
    (folder / "5_Labels_all" / "top_potsdam_2_13_label.tif").unlink()
    imported = import_isprs(POTSDAM, folder, tmp_path / "run")
    assert imported.held_out == []
    assert "Test tile 2_13 has no mask and is left out." in imported.notes
    (folder / "5_Labels_all" / "top_potsdam_6_7_label.tif").unlink()
    with pytest.raises(LabelError, match=r"tile 6_7 of ISPRS Potsdam has the image .* and no mask"):
        import_isprs(POTSDAM, folder, tmp_path / "other")


def test_the_wrong_folder_has_its_sentence(tmp_path, vaihingen):
    with pytest.raises(ConfigError, match="holds none of the ISPRS Potsdam images"):
        import_isprs(POTSDAM, vaihingen[0], tmp_path / "run")
    with pytest.raises(ConfigError, match="does not exist"):
        import_isprs(POTSDAM, tmp_path / "nowhere", tmp_path / "run")
    (tmp_path / "zipped").mkdir()
    (tmp_path / "zipped" / "4_Ortho_RGBIR.zip").touch()
    with pytest.raises(ConfigError, match="Unpack its zip files"):
        import_isprs(POTSDAM, tmp_path / "zipped", tmp_path / "run")


def test_bands_that_the_images_lack_have_their_sentence(made, tmp_path):
    made.potsdam_tile(tmp_path / "rgb", "2_10", 0, product="RGB")
    with pytest.raises(RasterError, match=r"top_potsdam_2_10_RGB.tif cannot give the bands irrg"):
        import_isprs(POTSDAM, tmp_path / "rgb", tmp_path / "run")


def test_a_folder_with_a_run_is_not_overwritten(potsdam, tmp_path):
    import_isprs(POTSDAM, potsdam[0], tmp_path / "run")
    with pytest.raises(ConfigError, match="already holds a run"):
        import_isprs(POTSDAM, potsdam[0], tmp_path / "run")


def test_the_papers_preset_has_the_papers_settings(potsdam, tmp_path):
    run = import_isprs(
        POTSDAM, potsdam[0], tmp_path / "run", choices=Choices(preset="igarss2024-multitask", weights="hub")
    ).run
    training = run.training
    assert (training.chip_size, training.optimizer, training.weight_decay) == (320, "sgd", 5e-4)
    assert training.ema_decay == 0.9998
    assert (run.recipe.student.encoder, run.recipe.detection_teacher.encoder) == ("resnet18", "resnet50")
    assert {run.recipe.student.weights, run.recipe.segmentation_teacher.weights} == {"hub"}

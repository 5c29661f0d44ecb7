"""RoadNet into run folders."""

import numpy as np
import pytest
import rasterio

from engine.config import load_run
from engine.datasets import import_roadnet, load_held_out
from engine.errors import ConfigError, LabelError


def numbers(items):
    return [int(item.name.split()[1]) for item in items]


def test_a_quarter_of_the_training_images_is_labelled_and_the_test_images_are_kept_apart(roadnet, tmp_path):
    import_roadnet(roadnet, tmp_path / "run")
    run = load_run(tmp_path / "run")
    assert numbers(run.sources) == list(range(2, 16))
    assert numbers(s for s in run.sources if s.role == "segmentation") == [2, 5, 9, 12]
    assert all(source.labels is None for source in run.sources if source.role == "unlabelled")
    assert numbers(load_held_out(tmp_path / "run")) == [1, 16, 17, 18, 19, 20]
    assert run.recipe.kind == "semi_supervised"


def test_all_labels_make_a_supervised_run_with_whole_images_for_validation(roadnet, tmp_path):
    run = import_roadnet(roadnet, tmp_path / "run", 1.0).run
    assert run.recipe.kind == "supervised"
    assert {source.role for source in run.sources} == {"segmentation"}
    assert numbers(source for source in run.sources if source.split == "validation") == [6, 11]


def test_red_is_road_and_images_get_places_of_021_m_that_do_not_meet(roadnet, tmp_path):
    import_roadnet(roadnet, tmp_path / "run")
    run, lefts = load_run(tmp_path / "run"), set()
    for source in run.sources:
        with rasterio.open(source.raster) as dataset:
            assert dataset.crs == "EPSG:32618"
            assert (dataset.transform.a, dataset.transform.e) == (0.21, -0.21)
            assert dataset.read().shape == (3, 64, 64)
            lefts.add(dataset.transform.c)
        if source.role == "segmentation":
            number = int(source.name.split()[1])
            expected = np.zeros((64, 64), np.uint8)
            expected[number : number + 6] = 1
            with rasterio.open(source.labels.path) as dataset:
                assert np.array_equal(dataset.read(1), expected)
    assert len(lefts) == 14


def test_the_images_stay_where_they_are(roadnet, tmp_path):
    import_roadnet(roadnet, tmp_path / "run")
    assert {path.suffix for path in (tmp_path / "run" / "rasters").iterdir()} == {".vrt"}


def test_a_mask_without_road_has_its_sentence(made, roadnet, tmp_path):
    white = np.full((3, 64, 64), 255, np.uint8)
    made.write(roadnet / "2" / "segmentation.png", white, driver="PNG")
    with pytest.raises(LabelError, match="shows no road"):
        import_roadnet(roadnet, tmp_path / "run")


def test_a_missing_mask_has_its_sentence(roadnet, tmp_path):
    (roadnet / "2" / "segmentation.png").unlink()
    with pytest.raises(LabelError, match=r"no segmentation.png beside .*Ottawa-2.tif"):
        import_roadnet(roadnet, tmp_path / "run")


def test_the_wrong_folder_and_the_wrong_share_have_their_sentences(roadnet, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ConfigError, match="does not exist"):
        import_roadnet(tmp_path / "nowhere", tmp_path / "run")
    with pytest.raises(ConfigError, match="holds no RoadNet images"):
        import_roadnet(empty, tmp_path / "run")
    with pytest.raises(ConfigError, match="labelled share is 0"):
        import_roadnet(roadnet, tmp_path / "run", 0)

"""What cannot be used is said in one sentence, and leaves nothing behind."""

import json

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from .scenes import read

PLACE = from_origin(300_000, 3_000_000, 0.5, 0.5)


@pytest.fixture
def picture(tmp_path):
    """`picture(name)` writes an image of 40 x 30 pixels, with a georeference unless told."""

    def write(name, placed=True, crs="EPSG:32645", size=(40, 30)):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        place = {"transform": PLACE, "crs": crs} if placed else {}
        options = {"WORLDFILE": "YES"} if placed and path.suffix == ".png" else {}
        with rasterio.open(
            path, "w", driver="GTiff" if path.suffix == ".tif" else "PNG", count=1, width=size[0], height=size[1],
            dtype="uint8", **place, **options,
        ) as image:  # fmt: skip
            image.write(np.full((1, size[1], size[0]), 7, np.uint8))
        return path

    return write


@pytest.fixture
def coco(tmp_path):
    """`coco(annotations)` writes annotations of one image."""

    def write(annotations=({},), image="images/one.tif", name="annotations.json", **more):
        whole = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [4, 6, 10, 8]}
        values = {
            "images": [{"id": 1, "file_name": image, "width": 40, "height": 30}],
            "categories": [{"id": 1, "name": "car"}],
            "annotations": [whole | each for each in annotations],
        }
        path = tmp_path / name
        path.write_text(json.dumps(values | more))
        return path

    return write


@pytest.fixture
def said(refused, tmp_path):
    """The sentence with which an import of annotations fails; nothing is there afterwards."""

    def run(annotations, *more):
        text = refused("import-labels", annotations, "--output", tmp_path / "out" / "labels.gpkg", *more)
        assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
        return text

    return run


def test_images_are_missing(coco, picture, said, tmp_path):
    path = coco()
    assert said(path).startswith(f"There are no images beside {path}. Give their folder with --images")
    picture("images/other.tif")
    assert "The image images/one.tif of" in said(path) and "is not in" in said(path)
    assert "is not a folder of images" in said(path, "--images", tmp_path / "nowhere")


def test_unknown_numbers_are_named(coco, picture, said):
    picture("images/one.tif")
    assert "annotation 1 is of the category 9, which is not among its categories" in said(coco([{"category_id": 9}]))
    assert "annotation 5 is of the image 2, which is not" in said(coco([{"id": 5, "image_id": 2}]))
    assert "annotation 1 is of the image None" in said(coco([{"image_id": {}}])).replace("{}", "None")


def test_a_category_may_be_named_on_the_command_line(coco, picture, engine, tmp_path):
    picture("images/one.tif")
    output = tmp_path / "labels.gpkg"
    code, answer = engine("import-labels", coco([{"category_id": 9}]), "--name", "9=bus", "--output", output)
    assert (code, answer["classes"]) == (0, ["car", "bus"])
    assert set(read(output)[1]) == {"bus"}


def test_an_image_without_a_georeference_needs_the_raster_that_it_shows(coco, picture, said, engine, tmp_path):
    path = coco(image="one.png")
    picture("images/one.png", placed=False)
    assert "one.png has no georeference" in said(path) and "--raster" in said(path)
    # at twice the size; the only raster, whatever its name
    whole = picture("town.tif", size=(80, 60))
    output = tmp_path / "labels.gpkg"
    assert engine("import-labels", path, "--raster", whole, "--output", output)[0] == 0
    (shape,) = read(output)[1]["car"]
    assert shape.bounds == pytest.approx(PLACE @ (8, 28) + PLACE @ (28, 12))
    other = picture("wide.tif", size=(80, 50))
    assert "was annotated at 40 x 30 pixels" in said(path, "--raster", other)
    bare = picture("bare.tif", placed=False)
    assert "no coordinate reference system" in said(path, "--raster", bare)


def test_a_world_file_alone_needs_a_crs(coco, picture, said, engine, tmp_path):
    image = picture("images/one.png")
    image.with_name("one.png.aux.xml").unlink()
    path = coco(image="one.png")
    assert "has no coordinate reference system. Give it with --crs" in said(path)
    assert "There is no coordinate reference system 'EPSG:0'" in said(path, "--crs", "EPSG:0")
    output = tmp_path / "labels.gpkg"
    assert engine("import-labels", path, "--crs", "EPSG:32645", "--output", output)[0] == 0
    assert read(output)[1]["car"][0].bounds == pytest.approx(PLACE @ (4, 14) + PLACE @ (14, 6))


def test_labels_beyond_the_image_are_cut_off_and_those_outside_refused(coco, picture, said, engine, tmp_path):
    picture("images/one.tif")
    assert "lies outside of it, at 50, 6 to 60, 14 of 40 x 30 pixels" in said(coco([{"bbox": [50, 6, 10, 8]}]))
    output = tmp_path / "labels.gpkg"
    job = tmp_path / "job"
    arguments = "--output", output, "--events", job
    assert engine("import-labels", coco([{"bbox": [35, 6, 10, 8]}]), *arguments)[0] == 0
    assert read(output)[1]["car"][0].bounds == pytest.approx(PLACE @ (35, 14) + PLACE @ (40, 6))
    told = [json.loads(line) for line in (job / "events.jsonl").read_text().splitlines()]
    assert [each["message"] for each in told if each["kind"] == "warning"] == [
        "1 labels reached beyond their images and were cut off there."
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"images": [', "it is not valid JSON"),
        ("[]", "one JSON object"),
        ("[" * 100_000, "nested too deeply"),
        ('{"images": [], "annotations": []}', "has no list 'categories'"),
        ('{"images": [3], "annotations": [], "categories": []}', "has no list 'images'"),
        ('{"images": [], "annotations": [], "categories": []}', "has no images"),
        ('{"images": [{"id": 1}], "annotations": [], "categories": []}', "an image without a number and a file name"),
    ],
)
def test_a_broken_file_is_told(said, tmp_path, content, words):
    path = tmp_path / "annotations.json"
    path.write_text(content)
    assert words in said(path)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"bbox": [1, 2, 3]}, "not 4 numbers"),
        ({"bbox": [1, 2, 3, float("nan")]}, "not 4 numbers"),
        ({"bbox": None}, "not 4 numbers"),
        ({"bbox": [1, 2, 0, 3]}, "covers no ground"),
        ({"segmentation": [[1, 2, 3, 4]]}, "not the corners of a polygon"),
        ({"segmentation": [[1, 2, 3, 4, 5, "6"]]}, "not the corners of a polygon"),
        ({"segmentation": {"size": [30, 40], "counts": [1, 2]}}, "do not fit its image"),
        ({"segmentation": {"size": [30, 40], "counts": [-5, 1205]}}, "do not fit its image"),
        ({"segmentation": {"size": [10**9, 10**9], "counts": [10**18]}}, "too large"),
        ({"segmentation": {"size": [30, 40], "counts": "\n\n"}}, "cannot be unpacked"),
        ({"segmentation": {"size": [30, 40], "counts": "P" * 99}}, "cannot be unpacked"),
    ],
)
def test_a_label_that_cannot_be_is_told(coco, picture, said, entry, words):
    picture("images/one.tif")
    assert words in said(coco([entry]))


def test_run_lengths_are_read_as_the_cocoapi_writes_them(coco, picture, engine, tmp_path):
    from faster_coco_eval.core import mask as reference

    mask = np.zeros((30, 40), np.uint8)
    mask[3:20, 5:31], mask[8:12, 10:20] = 1, 0
    packed = reference.encode(np.asfortranarray(mask))
    runs = {"size": packed["size"], "counts": packed["counts"].decode()}
    picture("images/one.tif")
    output = tmp_path / "labels.gpkg"
    assert engine("import-labels", coco([{"segmentation": runs}]), "--output", output)[0] == 0
    (shape,) = read(output)[1]["car"]
    pixels = shapely.transform(shape, lambda xy: np.column_stack(~PLACE @ tuple(xy.T)))
    assert shapely.equals(pixels, shapely.box(5, 3, 31, 20) - shapely.box(10, 8, 20, 12))


def test_a_crowd_is_ground_of_which_nothing_is_known(coco, picture, engine, tmp_path):
    picture("images/one.tif")
    path = coco([{}, {"id": 2, "bbox": [20, 10, 10, 10], "iscrowd": 1}])
    area = tmp_path / "area.gpkg"
    _, answer = engine("import-labels", path, "--output", tmp_path / "labels.gpkg", "--area", area)
    assert answer["count"] == 1
    ground = shapely.union_all(shapely.from_wkb(pyogrio.raw.read(area)[2]))
    assert ground.area == pytest.approx((40 * 30 - 100) * 0.25)


def voc(folder, text):
    (folder / "Annotations").mkdir(exist_ok=True)
    (folder / "Annotations" / "one.xml").write_text(text)
    return folder


def test_xml_with_entities_is_refused_before_they_grow(picture, said, tmp_path):
    picture("images/one.tif")
    lines = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE x [<!ENTITY l0 "lol">{lines}]><annotation><filename>&l11;</filename></annotation>'
    assert "declares a document type" in said(voc(tmp_path, bomb))
    outside = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><annotation><filename>&e;</filename></annotation>'
    assert "declares a document type" in said(voc(tmp_path, outside))


def test_voc_that_is_damaged_is_told(picture, said, tmp_path):
    picture("images/one.tif")
    box = "<bndbox><xmin>3</xmin><ymin>4</ymin><xmax>9</xmax></bndbox>"
    for text, words in (
        ("<annotation>", "is no sound XML"),
        ("<html/>", "is not in the Pascal VOC format"),
        (f"<annotation><object><name>car</name>{box}</object></annotation>", "has no number ymax"),
        (
            f"<annotation><object>{box.replace('</bndbox>', '<ymax>9</ymax></bndbox>')}</object></annotation>",
            "without a",
        ),
    ):
        assert words in said(voc(tmp_path, text))


def test_yolo_that_is_damaged_is_told(picture, said, tmp_path):
    picture("images/one.tif")
    labels = tmp_path / "labels"
    labels.mkdir()
    (tmp_path / "data.yaml").write_text("names: [car]\n")
    for line, words in (
        ("car 0.5 0.5 0.1 0.1", "line 1, is not a class number"),
        ("1 0.5 0.5 0.1 0.1", "is of the class 1, which has no name"),
        ("0 0.5 0.5 0.1", "has 3 coordinates"),
        ("0 20 20 10 10", "no shares of the image's sides"),
        ("0 nan 0.5 0.1 0.1", "coordinates"),
    ):
        (labels / "one.txt").write_text(line + "\n")
        assert words in said(tmp_path)
    (tmp_path / "data.yaml").write_text("names: !!python/object/apply:os.system [true]\n")
    assert "is no sound YAML" in said(tmp_path)


def test_masks_that_are_pictures_or_have_strange_values_are_told(picture, said, tmp_path):
    picture("images/one.tif")
    (tmp_path / "masks").mkdir()
    for bands, words in ((3, "a mask has one band"), (1, "has the value 7, which has no name")):
        with rasterio.open(
            tmp_path / "masks" / "one.png", "w", driver="PNG", count=bands, width=40, height=30, dtype="uint8"
        ) as mask:
            mask.write(np.full((bands, 30, 40), 7, np.uint8))
        (tmp_path / "classes.txt").write_text("background\nroof\n")
        assert words in said(tmp_path)
    (tmp_path / "masks" / "one.png").write_bytes(b"no picture")
    assert "cannot be opened as a raster" in said(tmp_path)


def test_a_folder_of_nothing_is_told(said, tmp_path):
    (tmp_path / "readme.md").write_text("nothing")
    assert "holds no annotations in the format COCO, YOLO, Pascal VOC or masks" in said(tmp_path)
    assert "does not exist" in said(tmp_path / "gone.json")


def test_names_of_images_lead_nowhere_else(coco, picture, said, tmp_path):
    picture("elsewhere/one.tif")
    folder = tmp_path / "here"
    folder.mkdir()
    path = coco(image="../elsewhere/one.tif", name="here/annotations.json")
    assert "There are no images beside" in said(path)


def test_exports_that_cannot_be_are_refused(scene, refused, tmp_path):
    here = scene("four_bands")
    start = "export-chips", here.raster, "--labels", here.boxes, "--field", "kind", "--output", tmp_path / "out"
    assert "a PNG holds 1 or 3 bands" in refused(*start, "--images", "png")
    assert "Masks hold areas" in refused(*start, "--format", "masks")
    assert "Pascal VOC holds boxes" in refused(*start, "--format", "voc", "--role", "segmentation")
    assert "overlap by less" in refused(*start, "--overlap", 512)
    assert "has no field 'sort'" in refused(*start[:4], "--field", "sort", "--output", tmp_path / "out")
    assert "is a raster without labels" in refused("export-chips", here.raster, "--output", tmp_path / "out")
    assert "belongs to no class" in refused(*start, "--class", "car")
    assert not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("kept")
    assert "is not an empty folder" in refused(*start)


def test_a_raster_without_a_crs_is_refused(picture, refused, scene, tmp_path):
    bare = picture("bare.tif", crs=None)
    labels = scene("plain").boxes
    text = refused("export-chips", bare, "--labels", labels, "--field", "kind", "--output", tmp_path / "out")
    assert "has no coordinate reference system; assign one to it" in text

"""`click`: clicks or a box on a raster in, the area that they mean out."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..events import EventLog, StageEvent

if TYPE_CHECKING:
    from ..inference.click_segmentation import Area, ClickSegmenter

HELP = "find the area that clicks on a raster mean, by a click-to-segment model"
DESCRIPTION = (
    "Runs a click-to-segment model of the SAM family, exported as two ONNX files, on what an extent shows of a raster, "
    "and writes the area that points or a box mean as FOLDER/area.geojson, in the raster's CRS. All coordinates are in "
    "that, too."
)
BOX = ("XMIN", "YMIN", "XMAX", "YMAX")
AREA_FILE = "area.geojson"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    command.add_argument("encoder", metavar="ENCODER", type=Path, help="the ONNX file of the image encoder")
    command.add_argument("decoder", metavar="DECODER", type=Path, help="the ONNX file of the prompt decoder")
    command.add_argument("raster", metavar="RASTER", help="a raster that GDAL opens")
    command.add_argument("--extent", metavar=BOX, nargs=4, type=float, required=True, help="what is looked at")
    command.add_argument(
        "--point", metavar=("X", "Y"), nargs=2, type=float, action="append", default=[],
        help="a place inside; may be repeated",
    )  # fmt: skip
    command.add_argument(
        "--not-point", metavar=("X", "Y"), nargs=2, type=float, action="append", default=[],
        help="a place outside; may be repeated",
    )  # fmt: skip
    command.add_argument("--box", metavar=BOX, nargs=4, type=float, help="a box around it")
    command.add_argument(
        "--bands", metavar="N", nargs="+", type=int, default=[],
        help="bands that are red, green and blue, or one that is grey (default: the first three, or the first)",
    )  # fmt: skip
    command.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="what runs the model")
    command.add_argument("--output", metavar="FOLDER", type=Path, required=True, help="where area.geojson goes")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Find one area."""
    from .job import carry_out

    return carry_out(options.output, lambda events: Clicks().answer(options, events))[0]


class Clicks:
    """The model that was clicked with last, and what it saw, for the next click."""

    def __init__(self) -> None:
        self._key: tuple[Any, ...] = ()
        self._segmenter: ClickSegmenter | None = None

    @staticmethod
    def load() -> None:
        """Import what answers need."""
        from ..inference import click_segmentation  # noqa: F401

    def answer(self, options: argparse.Namespace, events: EventLog) -> list[dict[str, Any]]:
        """Find the area and write it; the outputs of `finished`.

        Raises:
            ConfigError: nothing is meant, or it is not in the extent.
            RasterError: the raster cannot be read.
            PackageError: the model is none, or fails.
            OutputError: the area cannot be written.
        """
        from ..errors import on_disk
        from ..files import write_text
        from ..inference.click_segmentation import Prompt, View

        _check(options)
        inside, outside = (tuple(map(tuple, each)) for each in (options.point, options.not_point))
        prompt = Prompt(inside, outside, options.box)
        view = View(options.raster, tuple(options.extent), tuple(options.bands))
        segmenter = self._segmenter_of(options)
        events.write(StageEvent(name="click"))
        area = segmenter.segment(view, prompt)
        path = options.output / AREA_FILE
        if not area.shape.is_empty:
            with on_disk(f"The area {path}", path):
                write_text(path, json.dumps(_collection(area)))
        return [{"area": None if area.shape.is_empty else str(path), "score": round(area.score, 4)}]

    def _segmenter_of(self, options: argparse.Namespace) -> ClickSegmenter:
        from ..inference.click_model import ClickModel
        from ..inference.click_segmentation import ClickSegmenter
        from ..processes import held

        files = [Path(each) for each in (options.encoder, options.decoder)]
        key = (options.device, *((path, path.stat().st_mtime_ns) if path.is_file() else (path, 0) for path in files))
        if self._segmenter is None or key != self._key:
            self._segmenter = None
            with held():  # a click that is given up must not cost the next one its model
                self._segmenter, self._key = ClickSegmenter(ClickModel(files[0], files[1], options.device)), key
        return self._segmenter


def _check(options: argparse.Namespace) -> None:
    from ..errors import ConfigError

    if len(options.bands) not in (0, 1, 3) or min(options.bands, default=1) < 1:
        raise ConfigError("Bands are one or three numbers from 1.", "Give them as --bands 1 2 3, or --bands 1.")


def _collection(area: Area) -> dict[str, Any]:
    """GeoJSON, with the CRS in the way of 2008, which GDAL reads."""
    from shapely.geometry import mapping

    feature = {"type": "Feature", "properties": {"score": round(area.score, 4)}, "geometry": mapping(area.shape)}
    authority = area.crs.to_authority()
    named = (
        {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{authority[0]}::{authority[1]}"}}
        if authority
        else None
    )
    return {"type": "FeatureCollection", **({"crs": named} if named else {}), "features": [feature]}


def text(result: dict[str, Any]) -> str:
    """For people."""
    return (
        "The model finds no area there."
        if result["area"] is None
        else f"{result['area']} (score {result['score']:.2f})"
    )

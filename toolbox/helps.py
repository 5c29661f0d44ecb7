"""What parameters are for, where that is the same wherever they appear; field's words linked to the glossary."""

from __future__ import annotations

import re

from ..jobs.help import help_url
from ..jobs.translation import tr

WORDS = (
    (tr("ground sampling distance"), "ground-sampling-distance"),
    (tr("pseudo-labels"), "pseudo-label"),
    (tr("labelled area"), "label-labelled-area"),
    (tr("model package"), "model-package"),
    (tr("semi-supervised"), "semi-supervised"),
    (tr("run folder"), "run-run-folder"),
    (tr("class map"), "class-map"),
    (tr("backend"), "backend"),
    (tr("background"), "background"),
    (tr("checkpoint"), "checkpoint"),
    (tr("chips"), "chip"),
    (tr("encoder"), "encoder-neck-head"),
    (tr("teachers"), "distillation-teacher-student"),
    (tr("student"), "distillation-teacher-student"),
    ("AP50", "ap-ap50"),
    ("IoU", "iou"),
)
"""As help texts have them, longer ones first, and the glossary's heading."""


def linked(html: str) -> str:
    """A help text whose words of the glossary lead there, each once."""
    for word, heading in WORDS:
        found = re.search(rf"\b{re.escape(word)}\b(?![^<]*(?:>|</a>|</code>))", html, re.IGNORECASE)
        if found:
            link = f'<a href="{help_url("glossary", heading)}">{found[0]}</a>'
            html = html[: found.start()] + link + html[found.end() :]
    return html


_DEVICE = tr("auto: a graphics card where there is one, else the processor.")
_MODEL = tr(
    "Choose one that QGIS knows, or a package: its folder, its zip, the `item.json` inside, or the run folder that it "
    "was trained in."
)
HELPS = {
    "CLASS_MAP": tr("A raster of whole numbers, one a class: what Predict writes, or any other. 0 is background."),
    "MAXIMUM_WIDTH": tr("Wider places, such as squares, give no line."),
    "MINIMUM_LENGTH": tr("Shorter lines that end in nothing on one side are left out."),
    "GAP": tr("Ends that point at each other are joined across gaps up to this length; 0 joins none."),
    "MINIMUM_AREA": tr("Smaller areas are left out; in polygons their ground goes to a neighbour. 0 keeps all."),
    "FILL_HOLES": tr("Smaller holes in areas are closed; 0 closes none."),
    "SPUR": tr("Shorter side branches, which ragged edges make, are cut off."),
    "SIMPLIFY": tr("How far a simplified outline may be from the pixels' own; 0 keeps every corner of a pixel."),
    "LINES": tr("Lines with the fields class, length_m and width_m."),
    "POLYGONS": tr("Polygons with the fields class, class_id, area_m2 and perimeter_m."),
    "AREAS": tr("A raster of class numbers, or polygons; each connected area of a class becomes one box."),
    "PIXEL_SIZE": tr("Polygons are painted on pixels of this size first, so that those that touch become one object."),
    "BOXES": tr("The boxes as polygons, with their class: labels for detection."),
    "DETECTION_RASTERS": tr("Aerial or satellite imagery on which single objects are labelled."),
    "DETECTION_LABELS": tr("One feature an object: polygons, of which the extents count, or points with a box size."),
    "BOX_SIZE": tr("For labels that are points: how large an object is on the ground."),
    "SEGMENTATION_RASTERS": tr("Aerial or satellite imagery on which areas are labelled."),
    "SEGMENTATION_LABELS": tr("Polygons of the areas of each class, or a raster of class numbers."),
    "UNLABELLED_RASTERS": tr("Imagery without labels, from which a network learns what the labels do not show."),
    "CHIP_SIZE": tr("Side of the square pieces of imagery that a network sees at once; a multiple of 32."),
    "PACKAGE": tr("Its answers are what the smaller network learns: a folder, a zip, or the `item.json` inside."),
    "NAME": tr("What the model, its folder and its maps are called."),
    "MINUTES": tr("All stages together. More is better up to a few hours; the best weights until then are kept."),
    "EPOCHS": tr("Passes over the labelled area, all stages together. Empty: minutes count."),
    "STEPS": tr("Steps of the optimiser, all stages together, for runs that can be repeated. Empty: minutes count."),
    "STUDENT": tr("The network that is kept. Larger ones find more, and take longer in training and on the map."),
    "TEACHER": tr("Networks that only teach; larger than the student, for they are thrown away in the end."),
    "NETWORK": tr("Larger ones find more, and take longer in training and on the map."),
    "BATCH_SIZE": tr("Pieces of imagery in a step. Lower it where memory runs out."),
    "DEVICE": _DEVICE,
    "SEED": tr("The same seed and settings give the same run again, as far as the device computes alike."),
    "PREDICTIONS": tr("A class map or detections that the model below has made."),
    "MODEL": _MODEL,
    "SCORES": tr("All scores as JSON, for other programs."),
    "ERROR_OBJECTS": tr("What was found, what was found wrongly and what was missed, as polygons."),
    "ERROR_MAP": tr("Right and wrong pixels, and what they were taken for, as a raster."),
    "ZIP": tr("One file to send to others; it holds no code."),
    "LAYER": tr("As QGIS shows it on the map; its connection has the login."),
    "IMAGERY": tr("A GeoTIFF with colours and alpha, in the service's CRS, with who is to be named."),
    "RASTER": tr("Any CRS and pixel size: it is read at the ground sampling distance that the model was trained at."),
    "CONFIDENCE_MAP": tr("The probability of the class that was chosen, pixel by pixel."),
    "RASTERS": tr("Layers; a folder below adds all of its rasters."),
    "OUTPUT": tr("Results of all rasters; run again with the same settings, a cancelled job goes on there."),
    "COUNT": tr("The best so many, by rank."),
    "LABEL_NEXT": tr("Square cells with their ranks, the stronger the colour the sooner."),
    "PSEUDO_LABELS": tr("Areas or boxes of which the model is sure, to be looked at before they are trusted."),
    "VALUES": tr("What a regression computes, pixel by pixel."),
    "DETECTIONS": tr("Boxes with class and score."),
    "CLASSES": tr("Numbers of classes with their names and colours; 0 is background, 255 is no-data."),
    "checksources:REPORT": tr("A page with all that was found, mistakes and warnings first."),
    "checksources:FINDINGS": tr("The same for other programs."),
    "evaluate:LABELS": tr("What a person has drawn, on ground that the model was not trained on."),
    "evaluate:REPORT": tr("A page with the scores, by class."),
}
"""By parameter, or by algorithm and parameter where the same name is of something else."""


def help_of(algorithm: str, parameter: str) -> str:
    """What a parameter is for; empty where that is said elsewhere."""
    return HELPS.get(f"{algorithm}:{parameter}", HELPS.get(parameter, ""))

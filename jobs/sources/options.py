"""The recipes' options as people meet them, in the wizard and in the algorithms, under their names in `run.json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..translation import tr
from .option import AUGMENTATION, NETWORK, NETWORKS, RECIPE, TRAINING, Option
from .suggestion import DISTIL, PARTIAL, SEMI, SUPERVISED

ALL = (SUPERVISED, PARTIAL, SEMI, DISTIL)
MEASURED = tr("by what a step takes")


def options_of(kind: str) -> list[Option]:
    """The options that a recipe has."""
    return [option for option in OPTIONS if kind in option.defaults]


def option_patch(kind: str, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Chosen options as a merge patch of `run.json`.

    Args:
        kind: the recipe.
        chosen: `Option.parameter` -> value; a network's or the loop's default is taken out of `run.json`.
    """
    patch: dict[str, Any] = {RECIPE: {}, TRAINING: {}}
    for option in options_of(kind):
        if option.parameter not in chosen:
            continue
        value = chosen[option.parameter]
        if option.place == RECIPE:
            patch[RECIPE][option.name] = value
            continue
        value = None if value == option.defaults[kind] else value
        if option.place == TRAINING:
            patch[TRAINING][option.name] = value
        if option.place == AUGMENTATION:
            patch[TRAINING].setdefault(AUGMENTATION, {})[option.name] = value
        for network in NETWORKS[kind] if option.place == NETWORK else ():
            patch[RECIPE].setdefault(network, {})[option.name] = value
    return patch


def chosen_in(kind: str, run: Mapping[str, Any]) -> dict[str, Any]:
    """The options that a `run.json` has, by `Option.parameter`."""
    recipe = run.get(RECIPE) or {}
    training = run.get(TRAINING) or {}
    places = {
        RECIPE: recipe,
        NETWORK: recipe.get(NETWORKS[kind][0]) or {},
        TRAINING: training,
        AUGMENTATION: training.get(AUGMENTATION) or {},
    }
    found = [(option, places[option.place].get(option.name)) for option in options_of(kind)]
    return {option.parameter: value for option, value in found if value is not None}


OPTIONS = (
    Option(
        "distillation",
        tr("What the student learns from its teachers"),
        tr("With none of these no teacher is trained."),
        {PARTIAL: ["soft"], DISTIL: ["soft"]},
        choices=(
            (
                "soft",
                tr("Answers"),
                tr(
                    "The student learns the teacher's probabilities, not only its decisions: how sure it is, and what "
                    "it would otherwise have said. Cheap, and nearly always worth it. (arXiv 2405.15394)"
                ),
            ),
            (
                "feature",
                tr("Features"),
                tr(
                    "The student's inner picture of the image is drawn towards the teacher's. Helps a student that is "
                    "much smaller than its teacher; costs memory. (arXiv 1412.6550)"
                ),
            ),
            (
                "pdf",
                tr("Features where answers differ (PDF-Distil)"),
                tr(
                    "As features, but weighted by where student and teacher disagree, which in aerial imagery is "
                    "mostly the small objects. (BMVC 2021)"
                ),
            ),
            (
                "pdf_plus",
                tr("Features and answers where answers differ (PDF-Distil, all terms)"),
                tr("PDF-Distil with its additional terms on the boxes themselves. (BMVC 2021)"),
            ),
            (
                "pkd",
                tr("Patterns of features (PKD)"),
                tr(
                    "Only the pattern of the teacher's features counts, not their size, so that networks of different "
                    "kinds can teach each other. (arXiv 2207.02039)"
                ),
            ),
            (
                "crosskd",
                tr("Answers through the teacher's head (CrossKD)"),
                tr(
                    "The student's features go through the teacher's detection head and must be answered as the "
                    "teacher does; for boxes. (arXiv 2306.11369)"
                ),
            ),
        ),
    ),
    Option(
        "soft_detection",
        tr("Compare answers on boxes"),
        tr("Where the student's answer on boxes is held against its teacher's."),
        {PARTIAL: "dense", DISTIL: "dense"},
        choices=(
            ("dense", tr("where the teacher finds something"), tr("Background elsewhere. (arXiv 2207.02541)")),
            ("all", tr("everywhere"), tr("Also how unsure it is of background. (arXiv 2006.04388)")),
        ),
    ),
    Option(
        "soft_segmentation",
        tr("Compare answers on areas by"),
        tr("How far the student's answer on areas is from its teacher's."),
        {PARTIAL: "kl", DISTIL: "kl"},
        choices=(
            ("kl", tr("divergence of each pixel's probabilities"), tr("The usual form. (arXiv 1503.02531)")),
            ("dist", tr("correlation of classes (DIST)"), tr("For teachers much larger. (arXiv 2205.10536)")),
            ("cwd", tr("each class's map as a whole (CWD)"), tr("For few, small things. (arXiv 2011.13256)")),
        ),
    ),
    Option(
        "temperature",
        tr("Temperature"),
        tr("Above 1 the teacher's second and third guesses on areas count more. (arXiv 1503.02531)"),
        {PARTIAL: 1.0, DISTIL: 1.0},
        smallest=0.1,
        largest=20.0,
        step=0.5,
    ),
    Option(
        "on_own_task",
        tr("Also where there are labels"),
        tr("The teacher speaks on a raster's own task too, not only on the one that it has no labels for."),
        {PARTIAL: True},
    ),
    Option(
        "gate",
        tr("Listen to better teachers only"),
        tr(
            "On the validation ground a teacher must be better than the student by this much (AP50, IoU) to be heard "
            "in full, class by class; one that is no better is not heard. 0: it always is."
        ),
        {PARTIAL: 0.0, DISTIL: 0.0},
    ),
    Option(
        "mirrored_answers",
        tr("Teachers look at mirror images, too"),
        tr("Their answer is the mean over a chip and its three mirror images: surer, and four times the work."),
        {PARTIAL: False, DISTIL: False},
    ),
    Option(
        "calibrated_answers",
        tr("Teachers no surer than they are right"),
        tr("On the validation ground it is measured how sure their answers may be. (arXiv 1706.04599)"),
        {PARTIAL: False, DISTIL: False},
    ),
    Option(
        "agreement_weights",
        tr("Less where a teacher's answers disagree"),
        tr("Of mirror images, or of several teachers: what they dispute teaches the student less. (arXiv 1612.01474)"),
        {PARTIAL: False, DISTIL: False},
    ),
    Option(
        "all_imagery",
        tr("Networks of one task see all imagery"),
        tr("Also that without labels for them: they learn nothing from it but how it looks."),
        {SUPERVISED: False, PARTIAL: False},
    ),
    Option(
        "co_training",
        tr("Teachers go on learning"),
        tr("Beside the student, instead of staying as they are once they have learned. (arXiv 2402.05305)"),
        {PARTIAL: False, SEMI: True},
    ),
    Option(
        "ema_teachers",
        tr("Moving averages teach"),
        tr("Of teachers that go on learning: steadier than they are themselves. (Mean Teacher, arXiv 1703.01780)"),
        {PARTIAL: True, SEMI: True},
    ),
    Option(
        "weak_labels",
        tr("Labels help the other task"),
        tr(
            "Areas give boxes of the class of the same name, and boxes bound where its areas can be. (arXiv 1503.01640)"
        ),
        {PARTIAL: False},
    ),
    Option(
        "agreement",
        tr("Only where both teachers agree"),
        tr("Ground that the two teachers see differently teaches the student nothing. (arXiv 2402.05305)"),
        {SEMI: True},
    ),
    Option(
        "confidence",
        tr("Surest pseudo-labels only, from"),
        tr("A teacher's answer counts as a label only from this probability on. (FixMatch, arXiv 2001.07685)"),
        {SEMI: 0.8},
        largest=0.99,
    ),
    Option(
        "thresholds",
        tr("What pseudo-labels must reach"),
        tr("How sure an answer on unlabelled ground must be to count as a label."),
        {SEMI: "fixed"},
        choices=(
            ("fixed", tr("one probability for all classes"), ""),
            (
                "adaptive",
                tr("what teachers reach, class by class"),
                tr(
                    "Rises as they get surer, and is lower for rare classes; the probability given is not used. "
                    "(FreeMatch, arXiv 2205.07246)"
                ),
            ),
        ),
    ),
    Option(
        "unlabelled_chips",
        tr("Chips without labels come from"),
        tr("Where imagery without labels is looked at while training."),
        {PARTIAL: "uniform", SEMI: "uniform"},
        choices=(
            ("uniform", tr("anywhere"), ""),
            (
                "disagreement",
                tr("where teachers disagree, half of them"),
                tr("With each other or, of one task each, with themselves on mirror images; the other half: anywhere."),
            ),
        ),
    ),
    Option(
        "complementary_dropout",
        tr("Two views with complementary features"),
        tr(
            "The student sees unlabelled chips twice, each time with the half of its features that the other lacks. "
            "(UniMatch V2, arXiv 2410.10777)"
        ),
        {SEMI: False},
    ),
    Option(
        "strong_views",
        tr("Learn from distorted views"),
        tr(
            "Students see strong changes of colour and sharpness, teachers the plain image; for 1,000 steps or more. "
            "(arXiv 2001.07685)"
        ),
        {SUPERVISED: False, PARTIAL: False, SEMI: True},
    ),
    Option(
        "cutmix",
        tr("Chips with a part of another chip (CutMix)"),
        tr(
            "This share of the chips for areas is pasted together from two: few labels go further from 1,000 steps on. "
            "(arXiv 1906.01916)"
        ),
        {SUPERVISED: 0.0, SEMI: 0.5},
    ),
    Option(
        "segmentation_loss",
        tr("Areas learn by"),
        tr("What each labelled pixel counts."),
        dict.fromkeys((SUPERVISED, PARTIAL, SEMI), "cross_entropy"),
        choices=(
            ("cross_entropy", tr("all pixels alike (cross-entropy)"), ""),
            ("weighted", tr("pixels of rare classes more"), tr("Up to ten times as much.")),
            ("focal", tr("unsure pixels more (focal)"), tr("(arXiv 1708.02002)")),
            (
                "auto",
                tr("what the labels ask for"),
                tr("By how much ground the classes cover: rare ones more, and the overlap (Dice) where one is scarce."),
            ),
        ),
    ),
    Option(
        "dice",
        tr("Weight of the overlap (Dice)"),
        tr("Counts how far areas overlap beside how many pixels are right; 1 for rare classes. (arXiv 1606.04797)"),
        {SUPERVISED: 0.0, SEMI: 0.0},
        largest=100.0,
        step=0.5,
    ),
    Option(
        "cldice",
        tr("Weight of connectedness (clDice)"),
        tr("Keeps roads and streams in one piece; 0.5 for them. (arXiv 2003.07311)"),
        {SUPERVISED: 0.0, SEMI: 0.0},
        largest=100.0,
        step=0.5,
    ),
    Option(
        "learning_without_forgetting",
        tr("Weight of what the model started from teaches"),
        tr(
            "Where labels say nothing of its classes it goes on teaching them, so that they are not forgotten; 1 is "
            "usual. Add the imagery that it was trained on as unlabelled, to keep them there, too. (Learning without "
            "Forgetting, arXiv 1606.09282)"
        ),
        {SUPERVISED: 0.0, PARTIAL: 0.0, SEMI: 0.0},
        largest=100.0,
        step=0.5,
    ),
    Option(
        "feature_teacher",
        tr("A vision transformer teaches what things look like"),
        tr(
            "The student's encoder learns from one that has seen millions of images without labels (DINOv2), on all "
            "imagery; it wants a graphics card. (arXiv 2304.07193, 2312.06709)"
        ),
        {SUPERVISED: "none", PARTIAL: "none", DISTIL: "none"},
        choices=(
            ("none", tr("no"), ""),
            ("hub", tr("yes, weights fetched from the hub"), tr("Once. run.json can name a file of weights instead.")),
        ),
    ),
    Option(
        "feature_teacher_weight",
        tr("Weight of what it teaches"),
        tr("How much the vision transformer's features count beside the other terms; 0: not at all."),
        {SUPERVISED: 1.0, PARTIAL: 1.0, DISTIL: 1.0},
        largest=100.0,
        step=0.5,
    ),
    Option(
        "ramp_up",
        tr("Rise of what teachers say"),
        tr("Over this share of the student's training it grows to its full weight. (arXiv 1610.02242)"),
        {PARTIAL: 0.1, SEMI: 0.3},
    ),
    Option(
        "teacher_share",
        tr("Share of the time for teachers"),
        tr("Each teacher learns for this share of the training time, before the student does."),
        {PARTIAL: None},
        smallest=0.01,
        largest=0.49,
        unset=MEASURED,
    ),
    Option(
        "teacher_share",
        tr("Share of the time for teachers"),
        tr(
            "Both teachers learn from the labels alone for this share of the training time: untrained ones teach noise."
        ),
        {SEMI: None},
        largest=0.99,
        unset=MEASURED,
    ),
    Option(
        "neck",
        tr("Feature pyramid"),
        tr("What joins the encoder's levels; the second path helps small objects and costs time. (arXiv 1803.01534)"),
        dict.fromkeys(ALL, "fpn"),
        NETWORK,
        choices=(("fpn", tr("from coarse to fine (FPN)"), ""), ("pafpn", tr("and back again (PAFPN)"), "")),
    ),
    Option(
        "detection_head",
        tr("Boxes are found"),
        tr("Without anchors (FCOS, arXiv 1904.01355), or with them, as in the papers (RetinaNet, arXiv 1708.02002)."),
        {SUPERVISED: "fcos", PARTIAL: "fcos"},
        NETWORK,
        choices=(("fcos", tr("without anchors (FCOS)"), ""), ("retinanet", tr("with anchors (RetinaNet)"), "")),
    ),
    Option(
        "weights",
        tr("Encoders begin"),
        tr(
            "Encoders that know photographs learn much faster. Small and medium ones came with the engine; others are "
            "fetched once from Hugging Face's hub."
        ),
        dict.fromkeys(ALL, "auto"),
        NETWORK,
        choices=(
            ("auto", tr("from photographs (ImageNet), where weights are at hand"), ""),
            ("hub", tr("from photographs, fetched from the hub"), ""),
            ("none", tr("from nothing"), ""),
        ),
    ),
    Option(
        "pretraining",
        tr("Share of the time for looking at imagery first"),
        tr(
            "Before all else encoders learn to complete hidden parts of all imagery, without labels. (arXiv 2111.09886)"
        ),
        dict.fromkeys(ALL, 0.0),
        TRAINING,
        largest=0.9,
    ),
    Option(
        "source_statistics",
        tr("Standardise each raster by its own statistics"),
        tr(
            "For rasters of several sensors or dates: each band by the raster's own mean and deviation, which is also "
            "done to what is predicted. Not for tiles of one flight, each of which shows other ground."
        ),
        dict.fromkeys((SUPERVISED, PARTIAL, SEMI), False),
        TRAINING,
    ),
    Option(
        "mosaic",
        tr("Share of chips made of four places"),
        tr(
            "A chip for detection shows parts of four places of a raster side by side, so that few labels are seen in "
            "more company. (arXiv 2004.10934)"
        ),
        dict.fromkeys((SUPERVISED, PARTIAL), 0.0),
        AUGMENTATION,
    ),
    Option(
        "copy_paste",
        tr("Share of chips that get objects of other places"),
        tr(
            "Labelled objects of detection, those of rare classes first, are pasted where their raster has none, so "
            "that few of them are seen on much ground. (arXiv 2012.07177)"
        ),
        dict.fromkeys((SUPERVISED, PARTIAL), 0.0),
        AUGMENTATION,
    ),
    Option(
        "class_balance",
        tr("Show all classes alike"),
        tr(
            "How far chips are chosen so that all classes are seen equally often, whatever else lies around the labels "
            "of rare ones. 0: around rare ones first."
        ),
        dict.fromkeys((SUPERVISED, PARTIAL, SEMI), 0.0),
        TRAINING,
    ),
    Option(
        "mirrored_validation",
        tr("Validate on mirror images, too"),
        tr(
            "Weights are chosen by what the network says of a chip and of its three mirror images together: steadier, "
            "and four times the work. Predict can do the same."
        ),
        dict.fromkeys(ALL, False),
        TRAINING,
    ),
    Option(
        "patience",
        tr("End a stage early after"),
        tr(
            "So many validations in a row without a better score end a stage before its time is up; there are 8 unless "
            "a template says otherwise. 0: never."
        ),
        dict.fromkeys(ALL, 0),
        TRAINING,
        largest=100,
        step=1,
    ),
)

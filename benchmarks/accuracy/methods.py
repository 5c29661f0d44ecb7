"""Recipes of the rows: what each method is in `run.json`."""

from __future__ import annotations

from dataclasses import replace

from .declare import STRONG, WEAK, Form, Row, Settings

DETECTION_TEACHER = "detection alone, teacher's size"
SEGMENTATION_TEACHER = "segmentation alone, teacher's size"
TEACHERS = {"detection_teacher": DETECTION_TEACHER, "segmentation_teacher": SEGMENTATION_TEACHER}
UNET: Settings = {"architecture": "unet", "encoder": "tu-tf_efficientnet_lite1"}
UNET_TEACHER = "segmentation alone, U-Net teacher"
SSLKD_TEACHER = "segmentation alone, SSLKD, teacher's size"
ENSEMBLES = {teacher: (row, f"{row}, second seed") for teacher, row in TEACHERS.items()}
WITH_IMAGERY = "areas and unlabelled"
"""The sources of `SSLKD_TEACHER`."""
SECOND_DRAW = 100
"""Far from the tables' seeds, so that no other row of a seed has it."""
VANILLA = "vanilla multi-task"
BOTH = "soft, both tasks"
SUPERVISED = "supervised only"
CHOSEN: Settings = {"unlabelled_chips": "disagreement"}
BY_CLASS: Settings = {"thresholds": "adaptive"}


def single_task(form: Form) -> tuple[Row, ...]:
    """One task at a time, of the student's and of the teacher's size; the latter are the students' teachers.

    All see the same sources, so that every row has the same split and the same band statistics.
    """
    return (
        Row("detection alone", supervised(form.student, "detection"), form.steps),
        Row("segmentation alone", supervised(form.student, "segmentation"), form.steps),
        Row(DETECTION_TEACHER, supervised(form.teacher, "detection"), form.teacher_steps),
        Row(SEGMENTATION_TEACHER, supervised(form.teacher, "segmentation"), form.teacher_steps),
        Row(UNET_TEACHER, supervised(UNET, "segmentation"), form.teacher_steps, extra=True),
        *(
            Row(rows[1], supervised(form.teacher, task), form.teacher_steps, extra=True, draw=SECOND_DRAW)
            for task, rows in zip(("detection", "segmentation"), ENSEMBLES.values(), strict=True)
        ),
    )


def supervised(network: Settings, *tasks: str, **options: object) -> Settings:
    """Labels alone."""
    return {"kind": "supervised", "network": network, "tasks": list(tasks), **options}


def vanilla(form: Form) -> tuple[Row, ...]:
    """Both tasks from the labels alone; a second row tells what strong views alone give."""
    recipe = {"kind": "partial_multitask", "student": form.student, "distillation": []}
    strong = Row(f"{VANILLA}, strong views", {**recipe, "strong_views": True}, form.steps)
    return Row(VANILLA, recipe, form.steps), strong


def networks(form: Form) -> tuple[Row, ...]:
    """The vanilla student with other networks and other ways to use its encoder's weights."""
    strides = form.teacher.get("detection_strides", [4, 8, 16, 32])
    lite = {"encoder": "tu-tf_efficientnet_lite0", "width": 64}
    first = {**form.student, **lite, "design": 1, "detection_strides": strides}
    changes: dict[str, tuple[Settings, Settings]] = {
        "full neck and heads with group norms": (first, {}),
        "full neck and heads with group norms, no statistics noise": (first, {"statistics_noise": 0.0}),
        "no statistics noise": (form.student, {"statistics_noise": 0.0}),
        "full neck and heads": ({**form.student, "light": False}, {}),
        "nano": ({**form.student, "size": "nano"}, {}),
        "random weights": ({**form.student, "weights": "none"}, {}),
        "encoder's rate x 1": (form.student, {"encoder_lr_factor": 1.0}),
        "encoder's rate x 0.3": (form.student, {"encoder_lr_factor": 0.3}),
        "encoder's rate x 0.1": (form.student, {"encoder_lr_factor": 0.1}),
        "the weights' standardisation": ({**form.student, "standardisation": "weights"}, {}),
        "frozen batch norms": ({**form.student, "batch_norm": "frozen"}, {}),
    }
    recipe = {"kind": "partial_multitask", "distillation": []}
    return tuple(
        Row(f"{VANILLA}, {name}", {**recipe, "student": student}, form.steps, training=training, extra=True)
        for name, (student, training) in changes.items()
    )


def distilled(
    form: Form,
    name: str,
    *distillation: str,
    sources: str = "all",
    extra: bool = False,
    teachers: dict[str, str | tuple[str, ...]] = TEACHERS,
    **options: object,
) -> Row:
    """A student of both tasks under the finished single-task teachers."""
    recipe = {
        "kind": "partial_multitask",
        "student": form.student,
        "detection_teacher": form.teacher,
        "segmentation_teacher": form.teacher,
        "distillation": list(distillation),
        "on_own_task": False,
        **options,
    }
    return Row(f"distilled, {name}", recipe, form.steps, sources, teachers, extra=extra)


def soft(form: Form) -> tuple[Row, ...]:
    """Soft targets on the missing task and on both; the latter also as ablations and with further options."""
    changes: dict[str, Settings] = {
        "all anchors": {"soft_detection": "all"},
        "mirrored answers": {"mirrored_answers": True},
        "gate": {"gate": 0.02},
        "calibrated": {"calibrated_answers": True},
        "agreement of mirror images": {"mirrored_answers": True, "agreement_weights": True},
        "temperature 2": {"temperature": 2.0},
        "DIST": {"soft_segmentation": "dist"},
        "U-Net teaches": {"teachers": TEACHERS | {"segmentation_teacher": UNET_TEACHER}, "segmentation_teacher": UNET},
        "ensemble": {"teachers": ENSEMBLES},
        "ensemble, agreement": {"teachers": ENSEMBLES, "agreement_weights": True},
    }
    return (
        distilled(form, "soft", "soft"),
        distilled(form, BOTH, "soft", on_own_task=True),
        *(distilled(form, f"{BOTH}, {k}", "soft", on_own_task=True, extra=True, **v) for k, v in changes.items()),
    )


def sslkd_teaches(form: Form) -> tuple[Row, ...]:
    """The areas' teacher is what SSLKD makes of a network of its size, from its areas and imagery without labels."""
    recipe = {"kind": "semi_supervised", "student": form.teacher, "first_teacher": form.teacher, "second_teacher": UNET}
    recipe |= {"teacher_share": 0.0, **WEAK}
    teachers = TEACHERS | {"segmentation_teacher": SSLKD_TEACHER}
    return (
        Row(SSLKD_TEACHER, recipe, form.teacher_steps, sources=WITH_IMAGERY, extra=True),
        distilled(form, f"{BOTH}, SSLKD teaches", "soft", on_own_task=True, teachers=teachers, extra=True),
    )


def few_labels(form: Form, labelled: str, peers: bool = False, **options: object) -> tuple[Row, ...]:
    """Every way of learning from few labels and much imagery; every student has as many steps.

    Args:
        form: steps, networks and views.
        labelled: names the sources, for example `4 labelled tiles`.
        peers: whether mean teacher and CPS are rows of the small form, too.
        options: of the labels' loss in every row, for example `dice`.
    """

    def row(name: str, recipe: Settings, steps: int, extra: bool = False, **teachers: str) -> Row:
        named = {teacher: f"{labelled}: {taught_by}" for teacher, taught_by in teachers.items()}
        return Row(f"{labelled}: {name}", {**recipe, **options}, steps, labelled, named, group=labelled, extra=extra)

    def baseline(name: str, method: str, extra: bool = False, **more: str) -> Row:
        recipe = {"kind": "baseline", "method": method, "student": form.student, **form.views}
        return row(name, {**recipe, "teacher": form.teacher} if more else recipe, form.steps, extra, **more)

    teacher, second = "supervised, teacher's size", "supervised, second teacher"
    alone = supervised(form.student, "segmentation")
    strong, by_statistics = {**alone, **STRONG}, {**alone, "segmentation_loss": "auto"}
    mirrored = {"mirrored_validation": True}
    sslkd = {
        "kind": "semi_supervised",
        "student": form.student,
        "first_teacher": form.teacher,
        "second_teacher": form.second_teacher,
        **form.views,
    }
    frozen, joint = {**sslkd, "co_training": False, "ramp_up": 0.1}, {**sslkd, "co_training": True}
    taught = {"first_teacher": teacher, "second_teacher": second}
    strong_or_weak, other_views = ("strong views and CutMix", STRONG) if form.views == WEAK else ("weak views", WEAK)
    return (
        row(SUPERVISED, alone, form.steps),
        row("supervised, strong views and CutMix", strong, form.steps, extra=True),
        row("supervised, loss by label statistics", by_statistics, form.steps, extra=True),
        replace(row("supervised, mirrored validation", alone, form.steps, extra=True), training=mirrored),
        row(teacher, supervised(form.teacher, "segmentation", **form.views), form.teacher_steps),
        row(second, supervised(form.second_teacher, "segmentation", **form.views), form.teacher_steps),
        baseline("mean teacher", "mean_teacher", extra=not peers),
        baseline("CPS", "cps", extra=not peers),
        baseline("FixMatch", "fixmatch", extra=True),
        baseline("UniMatch", "unimatch", extra=True),
        baseline("plain distillation", "plain", extra=True, teacher=teacher),
        row("SSLKD", joint, form.steps, **taught),
        row(f"SSLKD, {strong_or_weak}", joint | other_views, form.steps, extra=True, **taught),
        row("SSLKD, chips by disagreement", joint | CHOSEN, form.steps, extra=True, **taught),
        row("SSLKD, thresholds by class", joint | BY_CLASS, form.steps, extra=True, **taught),
        row("SSLKD, together from the start", joint | {"teacher_share": 0.0}, form.steps, extra=True),
        row("SSLKD, frozen teachers", frozen, form.steps, extra=True, **taught),
        row(f"SSLKD, frozen teachers, {strong_or_weak}", frozen | other_views, form.steps, extra=True, **taught),
        row("SSLKD, frozen teachers, chips by disagreement", frozen | CHOSEN, form.steps, extra=True, **taught),
    )


def all_labels(form: Form, **options: object) -> Row:
    """The upper bound: "supervised only" with every label."""
    recipe = supervised(form.student, "segmentation", **options)
    return Row("all labels", recipe, form.steps, sources="all labels", group="all labels")

"""A run's fingerprint, restated as engines computed it that knew none of the settings that came later."""

import hashlib

LATER = {
    "training": {
        *("encoder_lr_factor", "source_statistics", "statistics_noise", "class_balance", "patience"),
        "mirrored_validation",
    },
    "augmentation": {"mosaic", "copy_paste"},
    "recipe": {
        *("start_from", "learning_without_forgetting", "gate", "mirrored_answers", "all_imagery", "reuse_teachers"),
        *("teachers_from", "package", "feature_teacher", "feature_teacher_model", "feature_teacher_bands"),
        *("feature_teacher_weight", "thresholds", "calibrated_answers", "agreement_weights", "complementary_dropout"),
        *("segmentation_loss", "unlabelled_chips"),
    },
}
FREE = {"device", "precision", "workers", "budget", "validations"}


def as_first(run, **recipe):
    """The hash; `recipe` names what the default of a setting of the recipe was."""
    training = run.training.model_dump(exclude={*FREE, *LATER["training"]})
    for name in LATER["augmentation"]:
        del training["augmentation"][name]
    mine = run.recipe.model_dump(exclude=LATER["recipe"]) | recipe
    classes = [[each.name for each in listed] for listed in (run.detection_classes, run.segmentation_classes)]
    settings = training, mine, [*classes, run.background], [source.role for source in run.sources]
    return hashlib.sha256(repr(settings).encode()).hexdigest()

"""Run files, recipes' settings and model cards."""

from .card import Card, CardClass, SourceStatistics
from .files import RUN_FILE, load_run, parse, save_run
from .presets import MULTITASK, SSLKD, Preset, preset, preset_names
from .recipes import (
    TEACHER_SHARE,
    Baseline,
    Distil,
    Distillation,
    DistillationWeights,
    FeatureTaught,
    Labelled,
    Network,
    PartialMultitask,
    Recipe,
    SemiSupervised,
    SslkdWeights,
    Supervised,
)
from .run import Area, Augmentation, Budget, ClassDefinition, Labels, Run, Source, Split, Training

__all__ = [
    "MULTITASK",
    "RUN_FILE",
    "SSLKD",
    "TEACHER_SHARE",
    "Area",
    "Augmentation",
    "Baseline",
    "Budget",
    "Card",
    "CardClass",
    "ClassDefinition",
    "Distil",
    "Distillation",
    "DistillationWeights",
    "FeatureTaught",
    "Labelled",
    "Labels",
    "Network",
    "PartialMultitask",
    "Preset",
    "Recipe",
    "Run",
    "SemiSupervised",
    "Source",
    "SourceStatistics",
    "Split",
    "SslkdWeights",
    "Supervised",
    "Training",
    "load_run",
    "parse",
    "preset",
    "preset_names",
    "save_run",
]

"""Run files, recipes' settings and model cards."""

from .card import Card, CardClass
from .files import RUN_FILE, load_run, parse, save_run
from .recipes import (
    Distil,
    DistillationWeights,
    Network,
    PartialMultitask,
    Recipe,
    SemiSupervised,
    SslkdWeights,
    Supervised,
)
from .run import Area, Augmentation, Budget, ClassDefinition, Labels, Run, Source, Split, Training

__all__ = [
    "RUN_FILE",
    "Area",
    "Augmentation",
    "Budget",
    "Card",
    "CardClass",
    "ClassDefinition",
    "Distil",
    "DistillationWeights",
    "Labels",
    "Network",
    "PartialMultitask",
    "Recipe",
    "Run",
    "SemiSupervised",
    "Source",
    "Split",
    "SslkdWeights",
    "Supervised",
    "Training",
    "load_run",
    "parse",
    "save_run",
]

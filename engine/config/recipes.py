"""The recipes' settings. Names and formulas: docs/methods.md."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Weight = Annotated[float, Field(ge=0)]


class Options(BaseModel):
    """Settings with unknown keys refused."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)


class Network(Options):
    """One network: its encoder, widths and heads."""

    size: Literal["small", "medium", "large"] = Field("small", description="Names an encoder and widths.")
    encoder: str | None = Field(None, description="An smp or timm encoder by name; none means the size's.")
    width: int | None = Field(None, ge=32, multiple_of=32, description="Channels of neck and heads; none: the size's.")
    weights: str = Field("none", description="Encoder weights: none, hub, or a local .safetensors or .pth file.")
    architecture: str = Field(
        "fpn", description="fpn, or (segmentation only) any smp architecture: unet, segformer, ..."
    )
    detection_head: Literal["fcos", "retinanet"] = Field(
        "fcos", description="Anchor-free, or anchors as in the papers."
    )
    detection_strides: list[Literal[4, 8, 16, 32, 64]] = Field(
        default_factory=lambda: [4, 8, 16, 32],
        min_length=1,
        description="Pyramid levels that detect, in pixels.",
    )


class Supervised(Options):
    """One network on the labels alone; one or both tasks, as the sources have them."""

    kind: Literal["supervised"] = "supervised"
    tasks: list[Literal["detection", "segmentation"]] | None = Field(
        None, description="Tasks to train; none means those that have sources."
    )
    network: Network = Field(default_factory=Network, description="The network.")


class DistillationWeights(Options):
    """Weights of the distillation terms; see docs/methods.md for how the defaults were set."""

    soft_segmentation: Weight = 1.0
    soft_detection: Weight = 1.0
    feature: Weight = 0.1
    pdf: Weight = 0.01


class PartialMultitask(Options):
    """Two single-task teachers, then one student for both tasks (arXiv 2405.15394)."""

    kind: Literal["partial_multitask"] = "partial_multitask"
    student: Network = Field(default_factory=Network, description="The network that ships.")
    detection_teacher: Network = Field(default_factory=lambda: Network(size="large"), description="Larger, one task.")
    segmentation_teacher: Network = Field(
        default_factory=lambda: Network(size="large"), description="Larger, one task."
    )
    distillation: list[Literal["soft", "feature", "pdf"]] = Field(
        default_factory=lambda: ["soft"], description="Any combination; empty is the vanilla student without teachers."
    )
    on_own_task: bool = Field(False, description="Distil on a batch's labelled task too, not only on the missing one.")
    temperature: float = Field(1.0, gt=0, description="Temperature of the soft segmentation targets.")
    weights: DistillationWeights = Field(default_factory=DistillationWeights, description="Weights of the terms.")
    ramp_up: float = Field(0.1, ge=0, le=1, description="Share of the student's stage over which distillation rises.")
    teacher_share: float = Field(0.3, gt=0, lt=0.5, description="Share of the budget that each teacher gets.")
    unlabelled: bool = Field(False, description="Both teachers speak on unlabelled sources too.")
    teachers_from: str | None = Field(
        None, description="A run folder whose finished teachers are used instead of training them again."
    )


class SslkdWeights(Options):
    """Weights of SSLKD's terms."""

    cross: Weight = 1.0
    unsupervised: Weight = 1.0
    soft: Weight = 1.0
    feature: Weight = 0.1


class SemiSupervised(Options):
    """Two different teachers and a student on few labels and much imagery (SSLKD, arXiv 2402.05305)."""

    kind: Literal["semi_supervised"] = "semi_supervised"
    student: Network = Field(default_factory=Network, description="The network that ships.")
    first_teacher: Network = Field(
        default_factory=lambda: Network(size="large"), description="A convolutional encoder-decoder."
    )
    second_teacher: Network = Field(
        default_factory=lambda: Network(architecture="segformer", encoder="mit_b0"), description="Another architecture."
    )
    weights: SslkdWeights = Field(default_factory=SslkdWeights, description="Weights of the terms.")
    dice: Weight = Field(0.0, description="Weight of the Dice term of the supervised loss (roads: 1).")
    confidence: float = Field(0.8, ge=0, lt=1, description="Pseudo-labels below this probability are ignored.")
    agreement: bool = Field(True, description="Pseudo-labels count for the student only where both teachers agree.")
    teacher_share: float = Field(0.5, ge=0, lt=1, description="Share of the budget for the teachers alone, on labels.")
    ramp_up: float = Field(0.3, ge=0, le=1, description="Share of the joint stage over which unlabelled terms rise.")


class Distil(Options):
    """A finished model package teaches another, usually smaller network on any imagery."""

    kind: Literal["distil"] = "distil"
    package: str = Field(min_length=1, description="Folder of the model package that teaches.")
    student: Network = Field(default_factory=Network, description="The network that ships.")
    distillation: list[Literal["soft", "feature", "pdf"]] = Field(
        default_factory=lambda: ["soft"], min_length=1, description="What the student learns of its teacher."
    )
    temperature: float = Field(1.0, gt=0, description="Temperature of the soft segmentation targets.")
    weights: DistillationWeights = Field(default_factory=DistillationWeights, description="Weights of the terms.")


Recipe = Annotated[Supervised | PartialMultitask | SemiSupervised | Distil, Field(discriminator="kind")]

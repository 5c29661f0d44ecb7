"""The recipes' settings. Names and formulas: docs/methods.md."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from .validation import BOUNDED, MOST_CLASSES, Address, BandNumber, Name, Weight

Members = Annotated[list[Address], Field(max_length=32)]
"""An ensemble's: run folders, packages, checkpoints."""
TeachersFrom = Annotated[
    Address | Members | Annotated[dict[Name, Address | Members], Field(max_length=8)] | None,
    BeforeValidator(lambda value: None if value in ("", {}) else value),
]
"""A run folder for all teachers, or one for each by the teacher's name; several folders are an ensemble."""
TEACHER_SHARE = {"partial_multitask": 0.3, "semi_supervised": 0.5, "baseline": 0.5}
"""Teachers' share of the steps where a run leaves it open: of each, in SSLKD of both together."""

REUSE_TEACHERS: Any = Field(
    None,
    description="Use finished teachers of a run in the same folder again where all that decides over them is the same; "
    "none: where the budget is in minutes.",
)


def named_folders(teachers: TeachersFrom) -> list[str]:
    """All that `teachers_from` names, in order, each once."""
    if isinstance(teachers, dict):
        return list(dict.fromkeys(folder for each in teachers.values() for folder in named_folders(each)))
    return list(dict.fromkeys([teachers] if isinstance(teachers, str) else teachers or []))


class Options(BaseModel):
    """Settings with unknown keys refused."""

    model_config = ConfigDict(**BOUNDED, validate_assignment=True)


DESIGN = 2
"""Design of networks that this engine builds: what a size stands for, and how neck and heads are made."""


class Network(Options):
    """One network: its encoder, neck, widths and heads."""

    size: Literal["nano", "small", "medium", "large"] = Field("small", description="Names an encoder and widths.")
    design: Annotated[int, Field(ge=1, le=DESIGN)] = Field(
        DESIGN, description="How neck and heads are made: 1 in models until version 0.1, 2 since."
    )
    encoder: Name | None = Field(None, description="An smp or timm encoder by name; none means the size's.")
    width: int | None = Field(
        None, ge=32, le=1024, multiple_of=32, description="Channels of neck and heads; none: the size's."
    )
    weights: Address = Field(
        "auto",
        description="Encoder weights: auto (the best at hand), none, hub, or a local .safetensors or .pth file.",
    )
    standardisation: Literal["data", "weights"] = Field(
        "data",
        description="Pixels standardised by the data's statistics, or (8-bit RGB) as pretrained weights saw them.",
    )
    batch_norm: Literal["auto", "train", "frozen"] = Field(
        "auto", description="Statistics of a pretrained encoder's batch norms; auto freezes them in small batches."
    )
    architecture: Name = Field(
        "fpn", description="fpn, or (segmentation only) any smp architecture: unet, segformer, ..."
    )
    neck: Literal["fpn", "pafpn"] = Field(
        "fpn", description="Feature pyramid, or one with a second, bottom-up path (of the architecture fpn)."
    )
    detection_head: Literal["fcos", "retinanet"] = Field(
        "fcos", description="Anchor-free, or anchors as in the papers."
    )
    detection_strides: Annotated[list[Literal[4, 8, 16, 32, 64]], Field(min_length=1)] | None = Field(
        None, description="Pyramid levels that detect, in pixels; none: those that the sizes of the labels ask for."
    )
    light: bool | None = Field(
        None, description="Neck and heads of depthwise-separable blocks; none: the size's (nano and small, with fcos)."
    )


SegmentationLoss = Literal["cross_entropy", "weighted", "focal", "auto"]
SEGMENTATION_LOSS: Any = Field(
    "cross_entropy",
    description="What segmentation learns from labels by: cross-entropy, weighted by class or focal; auto: by how much "
    "ground the classes cover, with Dice where one is scarce.",
)


class Labelled(Options):
    """How segmentation learns from its labels: views of the chips and terms beside cross-entropy."""

    strong_views: bool = Field(False, description="Networks learn from strong views; teachers answer on weak ones.")
    cutmix: float = Field(0.0, ge=0, le=1, description="Share of segmentation's chips that get a part of another chip.")
    dice: Weight = Field(0.0, description="Weight of the Dice term (roads: 1).")
    cldice: Weight = Field(0.0, description="Weight of clDice, which keeps thin structures connected (roads: 0.5).")
    thin_classes: list[Name] = Field(
        default_factory=list,
        max_length=MOST_CLASSES,
        description="Segmentation classes of clDice; empty: all but background.",
    )
    segmentation_loss: SegmentationLoss = SEGMENTATION_LOSS


class Continued(Options):
    """A run that goes on from a finished model."""

    start_from: Address | None = Field(
        None,
        description="Folder of a model package to go on from: its weights, and its heads for classes of the same name.",
    )
    learning_without_forgetting: Weight = Field(
        0.0,
        description="Weight with which that model teaches its classes where labels say nothing of them; 0: off.",
    )


class FeatureTaught(Options):
    """A student whose encoder a self-supervised vision transformer teaches, on chips with and without labels."""

    feature_teacher: Address = Field(
        "none", description="Its weights: none (there is no such teacher), hub, or a local .safetensors or .pth file."
    )
    feature_teacher_model: Name = Field(
        "vit_small_patch14_dinov2.lvd142m", description="Its name in timm; of DINOv2, DINOv3, or any like them."
    )
    feature_teacher_bands: Annotated[list[BandNumber], Field(min_length=3, max_length=3)] | None = Field(
        None, description="Bands that it sees as red, green and blue, also the same twice; none: those of the run."
    )
    feature_teacher_weight: Weight = Field(1.0, description="Weight of its term.")

    @property
    def features_teach(self) -> bool:
        """Whether there is such a teacher, and its term has a weight."""
        return self.feature_teacher != "none" and self.feature_teacher_weight > 0


class Supervised(Labelled, Continued, FeatureTaught):
    """One network on the labels alone; one or both tasks, as the sources have them."""

    kind: Literal["supervised"] = "supervised"
    tasks: list[Literal["detection", "segmentation"]] | None = Field(
        None, description="Tasks to train; none means those that have sources."
    )
    network: Network = Field(default_factory=Network, description="The network.")
    all_imagery: bool = Field(
        False, description="Chips of every source pass the network, also without labels, so that its norms know them."
    )


class DistillationWeights(Options):
    """Weights of the distillation terms; see docs/methods.md for how the defaults were set."""

    soft_segmentation: Weight = 1.0
    soft_detection: Weight = 2.0
    feature: Weight = 0.03
    pdf: Weight = 0.003
    pdf_plus: Weight = 0.1
    pkd: Weight = 1.0
    crosskd: Weight = 1.0
    weak_detection: Weight = 1.0
    weak_segmentation: Weight = 1.0


DistillationKind = Literal["soft", "feature", "pdf", "pdf_plus", "pkd", "crosskd"]


class Distillation(Options):
    """What a student learns of frozen teachers."""

    distillation: list[DistillationKind] = Field(
        default_factory=lambda: list[DistillationKind](["soft"]),
        description="Any combination; pdf_plus is pdf with its additional terms.",
    )
    soft_detection: Literal["dense", "all"] = Field(
        "dense", description="Form of soft's detection term: anchors where the teacher finds something, or all."
    )
    soft_segmentation: Literal["kl", "dist", "cwd"] = Field(
        "kl", description="Form of soft's segmentation term: divergence, DIST (weight 0.3) or channel-wise."
    )
    temperature: float = Field(1.0, gt=0, le=1000, description="Temperature of the soft segmentation targets.")
    weights: DistillationWeights = Field(default_factory=DistillationWeights, description="Weights of the terms.")
    mirrored_answers: bool = Field(
        False, description="Teachers answer with the mean of what they say of a chip and of its three mirror images."
    )
    calibrated_answers: bool = Field(
        False, description="Teachers answer as surely as they are right on validation ground (temperature scaling)."
    )
    agreement_weights: bool = Field(
        False, description="Soft targets weigh, place by place, how far a teacher's several answers agree."
    )
    gate: float = Field(
        0.0,
        ge=0,
        le=1,
        description="How much better (AP50, IoU) than the student a teacher of a class is heard in full; 0: always is.",
    )


UnlabelledChips = Literal["uniform", "disagreement"]
UNLABELLED_CHIPS: Any = Field(
    "uniform",
    description="Where unlabelled chips are drawn: anywhere, or half of them where what teaches disagrees most.",
)


class PartialMultitask(Distillation, Continued, FeatureTaught):
    """Two single-task teachers, then one student for both tasks (arXiv 2405.15394).

    An empty `distillation` is the vanilla student without teachers.
    """

    kind: Literal["partial_multitask"] = "partial_multitask"
    student: Network = Field(default_factory=Network, description="The network that ships.")
    detection_teacher: Network = Field(default_factory=lambda: Network(size="medium"), description="Larger, one task.")
    segmentation_teacher: Network = Field(
        default_factory=lambda: Network(size="medium"), description="Larger, one task."
    )
    on_own_task: bool = Field(True, description="Distil on a batch's labelled task too, not only on the missing one.")
    ramp_up: float = Field(0.1, ge=0, le=1, description="Share of the student's stage over which distillation rises.")
    teacher_share: float | None = Field(
        None,
        gt=0,
        lt=0.5,
        description="Share of the budget that each teacher gets; none: 0.3 of the steps, of minutes as steps need.",
    )
    teachers_from: TeachersFrom = Field(
        None,
        description="Folder of a finished run or model (or one for each teacher) whose teachers are used again; of "
        "several in a list the mean of the answers teaches.",
    )
    reuse_teachers: bool | None = REUSE_TEACHERS
    all_imagery: bool = Field(
        False, description="Chips of every source pass the teachers, also without labels, so that norms know them."
    )
    segmentation_loss: SegmentationLoss = SEGMENTATION_LOSS
    unlabelled: bool = Field(False, description="Teachers speak on unlabelled sources too.")
    unlabelled_chips: UnlabelledChips = UNLABELLED_CHIPS
    strong_views: bool = Field(False, description="Networks learn from strong views; teachers answer on weak ones.")
    co_training: bool = Field(
        False, description="Teachers go on learning beside the student, on unlabelled chips from their own averages."
    )
    ema_teachers: bool = Field(True, description="Moving averages of teachers that go on learning teach.")
    weak_labels: bool = Field(False, description="Areas give boxes of their class, boxes bound areas of theirs.")
    weak_classes: dict[Name, Name] = Field(
        default_factory=dict,
        max_length=MOST_CLASSES,
        description="Detection class to segmentation class; empty: those of equal names.",
    )


class SslkdWeights(Options):
    """Weights of SSLKD's terms."""

    cross: Weight = 1.0
    unsupervised: Weight = 1.0
    soft: Weight = 1.0
    feature: Weight = 0.1


Thresholds = Literal["fixed", "adaptive"]
THRESHOLDS: Any = Field(
    "fixed",
    description="What pseudo-labels must reach: confidence, or, of each class, what moving averages of the answers on "
    "unlabelled chips say (FreeMatch, arXiv 2205.07246).",
)


class SemiSupervised(Labelled, Continued):
    """Two different teachers and a student on few labels and much imagery (SSLKD, arXiv 2402.05305)."""

    kind: Literal["semi_supervised"] = "semi_supervised"
    student: Network = Field(default_factory=Network, description="The network that ships.")
    first_teacher: Network = Field(
        default_factory=lambda: Network(size="medium"), description="A convolutional encoder-decoder."
    )
    second_teacher: Network = Field(
        default_factory=lambda: Network(architecture="unet", encoder="tu-tf_efficientnet_lite1"),
        description="Another architecture.",
    )
    weights: SslkdWeights = Field(default_factory=SslkdWeights, description="Weights of the terms.")
    strong_views: bool = Field(True, description="Networks learn from strong views; teachers answer on weak ones.")
    cutmix: float = Field(0.5, ge=0, le=1, description="Share of the chips that get a part of another chip.")
    confidence: float = Field(0.8, ge=0, lt=1, description="Pseudo-labels below this probability are ignored.")
    thresholds: Thresholds = THRESHOLDS
    unlabelled_chips: UnlabelledChips = UNLABELLED_CHIPS
    agreement: bool = Field(True, description="Pseudo-labels count for the student only where both teachers agree.")
    complementary_dropout: bool = Field(
        False,
        description="The student learns from two views of unlabelled chips with complementary channels (UniMatch V2, "
        "arXiv 2410.10777).",
    )
    co_training: bool = Field(True, description="Teachers go on learning beside the student.")
    ema_teachers: bool = Field(True, description="Moving averages of teachers that go on learning teach.")
    teacher_share: float | None = Field(
        None,
        ge=0,
        lt=1,
        description="Share of the budget for the teachers alone, on labels; none: half the steps, of minutes as steps "
        "need.",
    )
    teachers_from: TeachersFrom = Field(
        None,
        description="Folder of a finished run or model (or one for each teacher) whose teachers are used again; of "
        "several in a list the mean of the answers teaches.",
    )
    reuse_teachers: bool | None = REUSE_TEACHERS
    ramp_up: float = Field(0.3, ge=0, le=1, description="Share of the joint stage over which unlabelled terms rise.")


class Distil(Distillation, FeatureTaught):
    """A finished model package teaches another, usually smaller network on any imagery."""

    kind: Literal["distil"] = "distil"
    package: Address = Field(description="Folder of the model package that teaches.")
    student: Network = Field(default_factory=Network, description="The network that ships.")
    distillation: list[DistillationKind] = Field(
        default_factory=lambda: list[DistillationKind](["soft"]),
        min_length=1,
        description="What the student learns of its teacher.",
    )


class Baseline(Labelled):
    """What others do with few areas and much imagery, to compare with: one student of the same size."""

    kind: Literal["baseline"] = "baseline"
    method: Literal["mean_teacher", "cps", "fixmatch", "unimatch", "plain"] = Field(
        description="The method; plain is distillation of a teacher trained on the labels, without unlabelled sources."
    )
    student: Network = Field(default_factory=Network, description="The network that ships; cps trains two of it.")
    teacher: Network = Field(default_factory=lambda: Network(size="medium"), description="The teacher, for plain.")
    weight: Weight = Field(1.0, description="Weight of what is learned without labels (plain: of the teacher).")
    strong_views: bool = Field(True, description="Networks learn from strong views; targets come from weak ones.")
    cutmix: float = Field(0.5, ge=0, le=1, description="Share of the chips that get a part of another chip.")
    confidence: float = Field(0.8, ge=0, lt=1, description="Pseudo-labels below this probability are ignored.")
    thresholds: Thresholds = THRESHOLDS
    ramp_up: float = Field(0.3, ge=0, le=1, description="Share of the stage over which unlabelled terms rise.")
    teacher_share: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Share of the budget for the teacher, for plain; none: half the steps, of minutes as steps need.",
    )
    teachers_from: TeachersFrom = Field(
        None, description="Folder of a finished run whose network teaches instead, for plain."
    )
    reuse_teachers: bool | None = REUSE_TEACHERS


WITH_TEACHERS: Final = (PartialMultitask, SemiSupervised, Baseline)
"""Kinds whose teachers are trained first, or come of a finished run."""

Recipe = Annotated[Supervised | PartialMultitask | SemiSupervised | Distil | Baseline, Field(discriminator="kind")]

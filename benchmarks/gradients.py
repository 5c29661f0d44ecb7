"""How strongly each term pulls at the student's neck, next to the labels of the same task: for choosing weights.

    python benchmarks/gradients.py --data ../shared/data

Munich's vehicle boxes and Banepa's building areas, both at 0.13 m. The teachers learn first, then a student learns from
labels alone; before, half way and after it, every term of `distillation` with weight 1 is differentiated by the pyramid
that the neck gives, on a few batches. Printed is the median of |gradient of the term| / |gradient of the labels of its
task|, as a table for docs/methods.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from torch import Tensor, nn

from benchmarks.uneven_pair.run import banepa, munich
from engine.config import DistillationWeights, PartialMultitask, Run
from engine.data import Prepared, prepare, training_loader
from engine.events import EventLog
from engine.recipes import Plan, build_plan
from engine.recipes.partial_multitask import Course, student_losses
from engine.recipes.plan import PlannedRun
from engine.recipes.supervised import weak_losses
from engine.training import Loop, make_fabric
from engine.types import Batch

KINDS = ["soft", "feature", "pdf", "pdf_plus", "pkd", "crosskd"]
FORMS = ("kl", "dist", "cwd")
ROLES = ("detection", "segmentation")
LABELS = {"detection": ("classification", "box", "centerness"), "segmentation": ("cross_entropy",)}


def main() -> None:
    """Train teachers, then measure a student as it learns."""
    options = arguments()
    run = uneven_pair(options)
    prepared = prepare(run)
    plan = with_teachers(options, run, prepared)
    student = plan.networks["student"].train()
    optimizer = torch.optim.AdamW(student.parameters(), lr=1e-3)
    loaders = {role: training_loader(prepared, run, role) for role in ROLES}
    moments = {0: {}, options.steps // 2: {}, options.steps: {}}
    for step in range(options.steps + 1):
        if step in moments:
            moments[step] = measured(run.recipe, run, plan, [drawn(loaders) for _ in range(options.batches)])
        vanilla = run.recipe.model_copy(update={"distillation": [], "weak_labels": False})
        optimizer.zero_grad()
        sum(student_losses(Course(vanilla))(plan.networks, drawn(loaders), 1.0).values()).backward()
        optimizer.step()
    print("\n".join(table(moments)))


def arguments() -> argparse.Namespace:
    """What can be changed from outside."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--output", type=Path, default=Path("build/gradients"), help="keeps the trained teachers")
    parser.add_argument("--steps", type=int, default=60, help="of the student")
    parser.add_argument("--teacher-steps", type=int, default=120, help="of each teacher")
    parser.add_argument("--batches", type=int, default=3, help="of a measurement")
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--chip-size", type=int, default=128)
    parser.add_argument("--teacher", default="resnet34", help="encoder of the teachers")
    return parser.parse_args()


def uneven_pair(options: argparse.Namespace) -> Run:
    """The run file; all weights are 1, and both tasks are taught on both roles."""
    data = options.data.resolve()
    teacher = {"size": "medium", "encoder": options.teacher}
    return Run(
        gsd=0.13,
        sources=[*munich(data), banepa(data)],
        detection_classes=[{"name": "vehicle", "values": ["car", "minibus", "bus"]}],
        segmentation_classes=[{"name": "building"}],
        recipe={
            "kind": "partial_multitask",
            "detection_teacher": teacher,
            "segmentation_teacher": teacher,
            "distillation": KINDS,
            "on_own_task": True,
            "ramp_up": 0,
            "weights": dict.fromkeys(DistillationWeights.model_fields, 1.0),
            "weak_labels": True,
            "weak_classes": {"vehicle": "building"},  # of no sense but for the size of its gradient
        },
        training={
            "budget": {"steps": round(options.teacher_steps / 0.3)},
            "batch_size": options.batch_size,
            "chip_size": options.chip_size,
            "workers": 0,
            "validations": 1,
            "validation_chips": 16,
            "precision": "32-true",
        },
    )


def with_teachers(options: argparse.Namespace, run: Run, prepared: Prepared) -> Plan:
    """The run's plan, its teachers trained; only their stages run, and a second call finds them done."""
    plan = build_plan(run, prepared)
    options.output.mkdir(parents=True, exist_ok=True)
    teachers = Plan(plan.networks, plan.stages[:2], "detection_teacher", plan.specs)
    fabric = make_fabric(run.training)
    Loop(PlannedRun(options.output, run, prepared, teachers), fabric, EventLog(options.output)).train()
    for network in plan.networks.values():
        network.to(fabric.device).requires_grad_(True)
    for name in ("detection_teacher", "segmentation_teacher"):
        plan.networks[name].eval().requires_grad_(False)
    return plan


def drawn(loaders: dict) -> dict[str, Batch]:
    """The next batch of each role."""
    return {role: next(loader).to("cpu") for role, loader in loaders.items()}


def measured(recipe: PartialMultitask, run: Run, plan: Plan, batches: list[dict]) -> dict[str, float]:
    """Median relative gradient of each term."""
    found: dict[str, list[float]] = {}
    for form in FORMS:
        asked = recipe.model_copy(update={"soft_segmentation": form})
        for batch in batches:
            for name, value in pulls(asked, run, plan, batch).items():
                name = name.replace("segmentation soft", f"segmentation soft ({form})")
                found.setdefault(name, []).append(value)
    return {name: median(values) for name, values in found.items()}


def pulls(recipe: PartialMultitask, run: Run, plan: Plan, batches: dict) -> dict[str, float]:
    """|gradient| of each term at the neck's outputs, as a share of the labels' of its task."""
    levels: list[Tensor] = []
    hook = plan.networks["student"].neck.register_forward_hook(lambda *call: levels.extend(call[2].values()))
    losses = student_losses(Course(recipe, weak=weak_losses(recipe, run)))(plan.networks, batches, 1.0)
    hook.remove()
    labels = {
        task: norm(sum(losses[f"{task}/{key}"] for key in keys if f"{task}/{key}" in losses), levels)
        for task, keys in LABELS.items()
    }
    own = {f"{task}/{key}" for task, keys in LABELS.items() for key in keys}
    return {
        name: norm(value, levels) / labels["detection" if "/detection" in name else "segmentation"]
        for name, value in losses.items()
        if name not in own
    }


def norm(value: Tensor, levels: list[Tensor]) -> float:
    """Over all levels."""
    gradients = torch.autograd.grad(value, levels, retain_graph=True, allow_unused=True)
    found = [each for each in gradients if each is not None]
    return nn.utils.get_total_norm(found).item() if found else 0.0


def table(moments: dict[int, dict[str, float]]) -> list[str]:
    """Markdown, a row for each term on each role."""
    lines = [f"| on / term | {' | '.join(map(str, moments))} |", "|---|" + "---|" * len(moments)]
    for name in next(iter(moments.values())):
        lines.append(f"| {name} | " + " | ".join(f"{values[name]:.2g}" for values in moments.values()) + " |")
    return lines


if __name__ == "__main__":
    main()

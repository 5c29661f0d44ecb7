"""The gradients of a batch, in as many passes as the device's memory needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from ..distillation.arithmetic import total
from ..models.devices import out_of_memory
from ..recipes import Stage
from ..types import Batch, Role


class Passes:
    """Adds up gradients over parts of a batch; where memory is full, each part is half as large from then on.

    The global batch stays what it is: the parts' losses count by their chips. Batch norms, and whatever else compares
    the chips of a batch, see one part at a time.

    Args:
        fabric: device and precision.
        at_once: chips of each role in a pass.
        told: called with the chips in a pass from now on, where memory was full.
    """

    def __init__(self, fabric: Fabric, at_once: int, told: Callable[[int], None] = lambda at_once: None) -> None:
        self._fabric, self.at_once, self._told = fabric, at_once, told

    def gradients(
        self, stage: Stage, networks: Mapping[str, nn.Module], batches: Mapping[Role, Batch], progress: float
    ) -> dict[str, Tensor]:
        """Add the gradients of a step's losses to the parameters'; none are added for losses that are not numbers.

        Returns:
            the losses, means over the chips.

        Raises:
            RuntimeError: memory is full with a single chip too.
        """
        while True:
            before = torch.get_rng_state()
            try:
                return self._gradients(stage, networks, batches, progress)
            except (RuntimeError, MemoryError) as error:
                if self.at_once == 1 or not out_of_memory(error):
                    raise
            # here, for what the error's frames held is free only now
            self._make_room(stage, networks)
            torch.set_rng_state(before)

    def _gradients(
        self, stage: Stage, networks: Mapping[str, nn.Module], batches: Mapping[Role, Batch], progress: float
    ) -> dict[str, Tensor]:
        chips = max(len(batch.image) for batch in batches.values())
        found: dict[str, Tensor] = {}
        for start in range(0, chips, self.at_once):
            which = slice(start, start + self.at_once)
            share = (min(chips, which.stop) - start) / chips
            some = batches if share == 1 else {role: batch.part(which) for role, batch in batches.items()}
            with self._fabric.autocast():
                losses = stage.losses(networks, some, progress)
            for name, value in losses.items():
                found[name] = found.get(name, 0.0) + share * value.detach()
            whole = total(losses.values())
            if not torch.isfinite(whole):
                break
            self._fabric.backward(share * whole)
        return found

    def _make_room(self, stage: Stage, networks: Mapping[str, nn.Module]) -> None:
        self.at_once = -(-self.at_once // 2)
        for name in stage.trainable:
            networks[name].zero_grad(set_to_none=True)
        if self._fabric.device.type == "cuda":
            torch.cuda.empty_cache()
        self._told(self.at_once)

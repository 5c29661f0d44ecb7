"""Sources to chips: reading, labels, areas, splits, sampling, augmentation."""

from .dataset import Prepared, PreparedSource, chips_per_epoch, prepare, training_loader, validation_batches

__all__ = ["Prepared", "PreparedSource", "chips_per_epoch", "prepare", "training_loader", "validation_batches"]

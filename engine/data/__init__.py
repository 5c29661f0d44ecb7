"""Sources to chips: reading, labels, areas, splits, sampling, augmentation."""

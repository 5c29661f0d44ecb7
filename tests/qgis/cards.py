"""Model packages as the plugin sees them: a card in an `item.json`."""

import json

CARD = {
    "name": "town",
    "tasks": ["segmentation"],
    "gsd": 0.5,
    "bands": [1, 2, 3],
    "segmentation_classes": [{"name": "roof", "color": "#ff0000"}],
    "detection_classes": [],
}


def write_card(folder, card):
    """Write a card as a package's; returns its path."""
    item = folder / "item.json"
    item.write_text(json.dumps({"properties": {"geodistil:card": card}}))
    return item

"""A procedural aerial world with complete truth."""

from .looks import LOOKS, NORTH, SOUTH, Look
from .painting import GSD, Painting, paint
from .world import Scene, Site, World, generate, scene

__all__ = ["GSD", "LOOKS", "NORTH", "SOUTH", "Look", "Painting", "Scene", "Site", "World", "generate", "paint", "scene"]

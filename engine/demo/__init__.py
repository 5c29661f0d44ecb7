"""A procedural aerial world with complete truth."""

from .scene import GSD, Painting, paint
from .shapes import LOOKS, NORTH, SOUTH, Look
from .world import Scene, Site, World, generate, scene

__all__ = ["GSD", "LOOKS", "NORTH", "SOUTH", "Look", "Painting", "Scene", "Site", "World", "generate", "paint", "scene"]

"""Faces, the skin that belongs to them, and how far its hue may move; in numpy, without torch."""

"""Colour maps of regions, in numpy."""

"""Looks: learnt from photos, kept in a file, applied to many photos, handed to other programs."""

"""Clips: a look applied to every frame, sound and times as they were."""

"""The settings of a run: what they are, from where they come, and how they are told."""

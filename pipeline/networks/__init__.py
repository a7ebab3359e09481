"""The networks: their weights, the check of these, the semantic model, faces; loaded for as long as a run lasts."""

"""The networks: their weights, the check of these, and the semantic model."""

"""Photos that are in no dataset: pairs of them through the stages, and their results to where the user wants them."""

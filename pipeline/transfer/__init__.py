"""Photos that are in no dataset: where each result goes, what is made anew, and pairs of them through the stages."""

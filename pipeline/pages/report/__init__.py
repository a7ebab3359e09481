"""The report: one page on which people look at the results of a dataset, from disk and without a network."""

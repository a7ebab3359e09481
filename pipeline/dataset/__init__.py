"""What the user gives: the layouts of a dataset, the configuration, and the inputs of a pair."""

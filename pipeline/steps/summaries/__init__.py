"""What only compares and sums up what there is: scores, sweeps, the table, the report."""

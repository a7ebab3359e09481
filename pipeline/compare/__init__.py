"""The methods side by side: metrics, the score table, the trade-off."""

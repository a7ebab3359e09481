"""What a step is, one file a step."""

"""What a file holds beside its pixels: kept apart from them when it is read, and brought into the result."""

"""Each kind of image file to values."""

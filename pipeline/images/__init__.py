"""Image files: decoding, encoding, colour space, transparency, masks, contact sheets."""

"""Which kinds of images are read, by the endings of their names, and in words."""

PICTURES = ".png .jpg .jpeg .jpe .jfif .tif .tiff .webp .heic .heif .hif .avif .pgm"
RAWS = ".dng .cr2 .cr3 .crw .nef .nrw .arw .srf .sr2 .orf .rw2 .raf .pef .srw .x3f .3fr .iiq .rwl .mrw .erf .kdc"
RAW_SUFFIXES = frozenset(RAWS.split())
"""Of cameras' raw files."""
SUFFIXES = RAW_SUFFIXES | frozenset(PICTURES.split())
READ = "JPEG, PNG, TIFF, WebP, HEIC, AVIF and cameras' raw files"
"""What is read, in words. PGM is too, for masks."""

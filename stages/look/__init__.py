"""A look as a smooth table of colours: fitting, applying, other programs' layouts."""

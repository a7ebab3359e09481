"""Results at places of the user's own: where each goes, whose file stands there, and what is made anew."""

"""What a step is, all that is made, one file a step, and the list of them."""

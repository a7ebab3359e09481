"""What a step is, whether its result is current, and the one way in which it is brought up to date."""

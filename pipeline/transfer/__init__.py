"""Photos to photos, without a dataset of the user's."""

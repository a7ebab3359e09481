"""Those who do the tasks: processes of this machine, or a Ray cluster."""

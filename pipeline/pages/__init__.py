"""Pages that need no network: the report and the explanation."""

"""Tables, plots and the report: every number computed from files that bench, collect, evaluate and train left."""

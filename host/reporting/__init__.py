"""Tables, plots and the report. Every number comes from files that bench, collect, evaluate and train wrote."""

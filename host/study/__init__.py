"""Studies: several models, cells of overrides and seeds, trained, evaluated and set side by side with intervals."""

"""A model's spec.json as frozen dataclasses; errors name the JSON path and the cure."""

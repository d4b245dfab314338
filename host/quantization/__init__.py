"""Recipes, calibration, conversion: from Keras models to .tflite bytes."""

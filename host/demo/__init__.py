"""The local web page: one image through a model, beside what the task names as its baseline."""

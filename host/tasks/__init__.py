"""The tasks that models are made for, and the interface that they share."""

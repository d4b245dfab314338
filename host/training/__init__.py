"""Losses, the loop with checkpoints and resume, quantization-aware training."""

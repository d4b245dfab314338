"""Which layers lose by quantization, how much of the error each makes, and which to keep in int16 or float32."""

"""The stage tune: entropy tables and float decoders for the codes that the quantized encoders really make."""

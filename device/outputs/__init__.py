"""How output tensors become what is sent."""

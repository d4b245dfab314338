"""How an image becomes input tensors."""

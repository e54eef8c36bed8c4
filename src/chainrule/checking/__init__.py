"""Hand-made gradients against true ones: updates, losses, blame, repair, verdict."""

"""A recording taken apart: parameters, predictions, updates, and the true gradients."""

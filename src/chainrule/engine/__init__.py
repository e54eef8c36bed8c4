"""Engines: what computes a training step. `reference` is the one to read."""

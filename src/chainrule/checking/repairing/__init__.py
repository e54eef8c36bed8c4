"""Putting a mistake right in the recorded computation, and proving it."""

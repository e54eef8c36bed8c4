"""A script or notebook, run unmodified, as a graph: every operation with its place in the source."""

"""Layers that several families share, one concept a file."""

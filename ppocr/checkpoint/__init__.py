"""Checkpoints: what they say about the run that made them."""

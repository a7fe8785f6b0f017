"""Checkpoints, statistics, logging."""

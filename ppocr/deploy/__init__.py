"""Trained models as files that run without their Python code, and running those files."""

"""Trained models as files that run without their Python code: writing, converting and comparing them."""

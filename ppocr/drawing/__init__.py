"""Boxes, text in any script, curves and samples drawn on images."""

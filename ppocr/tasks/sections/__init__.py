"""Sections of a report about what a task compares, made of the parts of pages in :mod:`ppocr.drawing`."""

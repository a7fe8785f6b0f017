"""Trained models at work: images in, texts, boxes and classes out."""

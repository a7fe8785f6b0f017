"""Trained models at work: pictures in, texts, boxes and classes out."""

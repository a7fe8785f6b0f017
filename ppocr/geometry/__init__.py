"""Plane geometry that several parts share."""

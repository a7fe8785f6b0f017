"""Forms in which labels are written."""

"""Data sets: every class that ``dataset.name`` of a configuration can name, one file each."""

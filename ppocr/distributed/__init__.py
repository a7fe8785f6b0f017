"""Several processes: groups, ending together, watchdog."""

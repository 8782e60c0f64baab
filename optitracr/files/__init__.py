"""Models in files: saved, loaded, pickled, and checked against hostile ones."""

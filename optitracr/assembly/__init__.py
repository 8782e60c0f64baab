"""Assembly: from placed components to the parameters of a transformer."""

"""Small trained models into which programs are implanted, and whose parts programs replace."""

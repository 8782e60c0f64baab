"""Pictures of models and of what the solver found."""

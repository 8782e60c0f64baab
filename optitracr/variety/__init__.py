"""Different exact models of one program, each with its circuit, and what these have in common."""

"""Lower bounds: what no model of a program can go below, each with what it presumes."""

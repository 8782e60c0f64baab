"""Where a limit stops a compilation: what made it large, and what was tried and helps."""

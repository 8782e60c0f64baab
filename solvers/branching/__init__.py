"""Branch and bound without a model: small problems at their least depth, settled in few steps."""

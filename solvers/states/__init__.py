"""The state model: what is alive at each state, and what stands in each sublayer."""

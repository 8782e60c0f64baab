"""Tables as MLPs and relations as heads: mathematics over arrays, without programs or solvers."""

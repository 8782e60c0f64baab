"""Components that can compute each variable: what the allocation chooses from and places."""

"""Values that occur together at one position, as rows of a table over what they are made of."""

"""Programs of kinds that are hard to compile, as ordinary users of RASP write them."""

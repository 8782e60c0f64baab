"""A program of one's own, for the command line."""

from optitracr import rasp

shout = rasp.Map(str.upper, rasp.tokens).named("shout")

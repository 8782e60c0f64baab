"""All of RASP, where clients of `tracr.rasp.rasp` look for it."""

from optitracr.rasp import *  # noqa: F403

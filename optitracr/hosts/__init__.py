"""Programs in trained hosts: implanted beside what a host computes, or in place of a part of it."""

"""Traces of runs: read from files, and compared with each other."""

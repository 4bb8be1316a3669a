"""Thousands of runs, so that a setting can be chosen with evidence."""

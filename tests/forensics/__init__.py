"""Logs laid beside runs: compared, explained, made into scenarios."""

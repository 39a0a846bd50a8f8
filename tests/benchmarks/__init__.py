"""Measures Inkling beside its peers: one command, one table, one JSON file.

Every figure is a median of repetitions that took turns, so that a machine whose speed drifts is
unjust to nobody; `run.py` is where to begin reading.
"""

"""Benchmarks of Inkling and its peers; `run.py` measures, prints a table and writes a JSON file.

Every value is the median of interleaved repetitions, so that drift of the machine affects all
implementations alike.
"""

"""Readers of sample files: idx, CSV, plain or gzip-compressed."""

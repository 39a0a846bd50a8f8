"""Labelled points of the plane: generators, inputs, CSV files and batches."""

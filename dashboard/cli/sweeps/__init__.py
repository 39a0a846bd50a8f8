"""Sweeps of `inkling sweep`: their definition, one trial, and where trials are computed."""

"""Evaluation of networks on held-out samples, for the evaluation pane and the command line."""

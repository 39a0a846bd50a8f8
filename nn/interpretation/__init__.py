"""What a network computes and why: activations, attributions and images that it responds to.

Each module is imported by its own name; all are pure functions on networks and arrays.
"""

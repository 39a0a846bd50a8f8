"""What can be seen of a network from inside: activations, attributions, projections, statistics."""

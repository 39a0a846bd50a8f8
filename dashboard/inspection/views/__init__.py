"""What inspection panels draw."""

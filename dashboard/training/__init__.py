"""Training runs without a screen: settings, the run, the trainer, snapshots, checkpoints."""

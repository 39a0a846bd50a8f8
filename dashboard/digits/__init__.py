"""The digits pane: drawing, training on digits, and what the network predicts."""

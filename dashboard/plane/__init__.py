"""The plane pane: a small network is trained on points of the plane, shown as the tab "Spiral"."""

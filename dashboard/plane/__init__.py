"""The plane pane, the tab “2-D data”: a small network is trained on points of the plane."""

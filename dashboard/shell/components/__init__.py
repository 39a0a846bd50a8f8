"""Client components: scripts of the page that handle gestures on Bokeh figures."""

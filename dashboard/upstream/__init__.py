"""Changes to Panel, Bokeh, BokehJS and Pyodide that Inkling needs or gains from, a file each."""

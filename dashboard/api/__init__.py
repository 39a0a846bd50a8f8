"""The HTTP API of the served runtime: samples, blocks and weights under `/api`.

`plugin` is what `panel serve --plugins dashboard.api.plugin` loads.
"""

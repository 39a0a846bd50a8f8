"""The spiral controller: a small net bends the plane while one watches.

It trains through the same run, trainer and charts as the digits do.
"""

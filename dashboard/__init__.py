"""The part of Inkling that people see: the controller page and the `inkling` command.

Everything here may use `nn` and `data_cache`; neither of them knows this package.
"""

"""The console command `inkling`: one module per subcommand, and their shared errors.

A wrong argument exits with 2, a failed job with 1 and one line on stderr, Ctrl-C with 130.
"""

from dashboard.cli.main import main

__all__ = ["main"]

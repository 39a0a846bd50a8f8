"""Runs the console command as ``python -m dashboard.commands``.

It does the same as ``inkling`` where the package is importable but not installed.
"""

from dashboard.commands.main import main

raise SystemExit(main())

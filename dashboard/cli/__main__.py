"""Runs the console command as ``python -m dashboard.cli``.

It does the same as ``inkling`` where the package is importable but not installed.
"""

from dashboard.cli.main import main

raise SystemExit(main())

"""Reports of single runs: one HTML file each, which needs no network and prints on a few pages."""

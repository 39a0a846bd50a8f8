"""What all panes share on the page: theme, tabs, fields, charts, notices, downloads, assets."""

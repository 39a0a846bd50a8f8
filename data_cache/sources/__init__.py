"""Sources of sample blocks: arrays in memory and block files over HTTP."""

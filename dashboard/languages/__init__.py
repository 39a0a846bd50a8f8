"""The languages of the page: which there are, how one is chosen, its texts and its numbers."""

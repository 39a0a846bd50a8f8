"""The upstream patches that the build of the static site applies; none of this is in the site."""

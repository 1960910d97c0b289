"""A local Azure behind a forward proxy, for trying real clients against production host names."""

"""Bytes: which prefixes move, copying them server-side, and manifests of what is there."""

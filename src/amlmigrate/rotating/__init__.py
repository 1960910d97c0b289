"""Rotates keys: makes a version, has everything under the key go over to it, and sees it do so. Disables none."""

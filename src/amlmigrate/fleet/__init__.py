"""Many workspaces of one scan: which moves where, and in which wave."""

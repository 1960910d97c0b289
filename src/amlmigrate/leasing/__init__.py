"""The lease on the target: two plans of one pair never change anything at once."""

"""Plans: the graph of what moves, the diff of source against target, the plan file."""

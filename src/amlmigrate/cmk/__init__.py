"""What surrounds a move: checking beforehand, provisioning, and the fleet."""

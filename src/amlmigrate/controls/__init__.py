"""What standards demand of a workspace's keys, and what of its evidence supports each demand."""

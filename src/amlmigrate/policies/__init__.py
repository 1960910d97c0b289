"""What Azure Policy makes of a move: refusals that it predicts, and exemptions that keep a workspace from one."""

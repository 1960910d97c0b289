"""The command line: one file a command. Parses, wires, calls a stage, and turns its end into an exit code."""

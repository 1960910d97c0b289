"""Microsoft.MachineLearningServices: workspaces and what lies in them, a file a kind."""

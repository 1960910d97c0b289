"""Takes the rights to write the source away, as a change that can be reviewed, resumed and undone."""

"""The providers: every module here registers its kinds; none is named anywhere else."""

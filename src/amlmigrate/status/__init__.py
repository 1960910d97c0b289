"""Where plans stand, by what their folders show: nothing is changed, and Azure is not asked."""

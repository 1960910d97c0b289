"""What people decide about a plan: done, waived, taken back, approved."""

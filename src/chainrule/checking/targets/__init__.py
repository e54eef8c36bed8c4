"""What the errors do not show: targets that are not used, updates that no error reaches."""

"""What is wrong, in words and lines."""

"""Ways in and out for customers; every channel is a reader of the log."""

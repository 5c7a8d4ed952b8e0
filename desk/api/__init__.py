"""What the agents' console talks to."""

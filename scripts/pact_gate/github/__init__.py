"""Floor 2: GitHub. What an event says, and how a step speaks to its runner."""

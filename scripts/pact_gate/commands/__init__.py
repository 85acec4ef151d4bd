"""Floor 4: one module per action. Settings in, `Outcome` out."""

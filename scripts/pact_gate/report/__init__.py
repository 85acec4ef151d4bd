"""Floor 3: an outcome as what people see. It puts facts into words and decides nothing."""

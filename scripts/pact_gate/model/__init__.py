"""Floor 0: plain data and the rules about it. Nothing here reads or writes anything."""

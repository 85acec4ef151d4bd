"""Source files for others to go on from: pure text, made of names that others chose."""

"""Floor 1: what the user asked for, read once into one frozen object per command.

An action hands each input over as the environment variable `PACT_GATE_<INPUT>`; on a command line the same input is a
flag. A field's name is its input's name with underscores, so an error can name the input, and a test can hold the
`action.yml` files against these classes.
"""

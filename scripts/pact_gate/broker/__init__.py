"""Floor 2: what a Pact Broker is to the commands. Only this room speaks HTTP to a broker."""

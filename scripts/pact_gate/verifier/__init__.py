"""The verifier: pact-python behind one function, and the provider's process."""

"""The products service: a catalogue in SQLite behind an HTTP API."""

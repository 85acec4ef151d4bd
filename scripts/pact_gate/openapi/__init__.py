"""Pacts against an OpenAPI document: reading it, its schemas, and the comparison."""

"""Webhooks: from an event to a request, and what of that may be shown.

`triggers` says which events start which, `outgoing` what is sent (`samples` with what, when one is tried out),
`delivery` when, `sending` where to. `harmless` knows what may be shown, `hiding` puts stars in the place of all else.
"""

"""Serving a WSGI application to others: who may in, behind which proxy, within which limits, and what is logged.

It knows nothing of what it serves. Rooms: `access` (credentials), `browsers` (pages of other sites), `forwarded` (a
reverse proxy), `journal` (the log), `server` (waitress, its limits and its end).
"""

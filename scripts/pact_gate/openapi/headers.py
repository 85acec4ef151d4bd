"""Which headers a document need not describe."""

_NAMES = """
    accept accept-charset accept-encoding accept-language accept-ranges age allow authorization cache-control connection
    content-encoding content-language content-length content-location content-range content-type cookie date etag expect
    expires host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified origin pragma
    proxy-authenticate proxy-authorization range referer server te traceparent tracestate trailer transfer-encoding
    upgrade user-agent vary via warning www-authenticate
"""

OF_HTTP = frozenset(_NAMES.split())
"""Those of HTTP itself (RFC 9110, RFC 9111), and what proxies and tracing add."""

NEVER_PARAMETERS = frozenset(("accept", "content-type", "authorization"))
"""What a header parameter of such a name says is ignored (https://spec.openapis.org/oas/v3.1.0#parameter-object)."""

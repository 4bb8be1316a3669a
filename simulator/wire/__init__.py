"""What every venue's façade is made of: HTTP, WebSockets, delays, faults, and what is recorded.

Nothing here knows a venue's paths, payloads or codes; a venue brings those.
"""

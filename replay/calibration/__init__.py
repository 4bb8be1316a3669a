"""From production logs and traces to behaviour profiles: samples, fits, and the profile's file."""

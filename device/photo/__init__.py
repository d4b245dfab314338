"""Photographs of any size: only bundles of photo codecs need this part, and `host deploy` leaves it out for others."""

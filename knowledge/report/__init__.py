"""The report of a measured retrieval set, as one page."""

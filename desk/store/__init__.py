"""Reading and writing rows inside a transaction that somebody else opened; no rule of the house lives here."""

"""Tables: reading, cleaning, checking against the schema, splitting and writing."""

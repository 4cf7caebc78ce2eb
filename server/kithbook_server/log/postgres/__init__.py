"""The log store in PostgreSQL: one database for any number of server processes."""

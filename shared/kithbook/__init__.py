"""kithbook's domain: events, log, sync decisions and projections. Pure: no I/O, no clock."""

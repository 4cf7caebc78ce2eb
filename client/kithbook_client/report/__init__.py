"""The report of a score that one can hand on: one page, readable anywhere and without a script."""

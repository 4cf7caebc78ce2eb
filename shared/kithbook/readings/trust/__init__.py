"""Trust: direct levels, the chains that carry them on, and the scores they give."""

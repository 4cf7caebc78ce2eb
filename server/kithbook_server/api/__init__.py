"""HTTP: what Litestar serves. Handlers translate, and decide nothing."""

"""The prediction log, and what comes true."""

"""The same model, served as people do without this template."""

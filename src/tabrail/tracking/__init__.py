"""Log committed runs to an MLflow server, and let its registry follow the tags that GTO writes."""

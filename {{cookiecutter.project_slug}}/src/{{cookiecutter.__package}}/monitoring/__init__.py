"""What `monitor` is made of: the periods, the checks on each, and how the result is told."""

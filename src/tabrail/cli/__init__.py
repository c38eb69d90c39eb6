"""The command `tabrail`: a file for each verb."""

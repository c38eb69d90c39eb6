"""The command `tabrail`. Each subcommand has its own file."""

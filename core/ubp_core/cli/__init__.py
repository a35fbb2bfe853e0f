"""The scriptable command `ubp`: data on stdout, narration on stderr, no terminal app. One module per subcommand."""

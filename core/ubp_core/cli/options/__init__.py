"""Options that several subcommands share: one home for each."""

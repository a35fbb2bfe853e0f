"""`python -m ubp_tui` is the same as the console command `ubp-tui`."""

from ubp_tui.main import main

if __name__ == "__main__":
    raise SystemExit(main())

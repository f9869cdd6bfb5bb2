"""`python -m guard`: the same command as `guard`."""

from guard.cli import main

if __name__ == "__main__":
    main()

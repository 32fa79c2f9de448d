"""One file per target; ``kernel`` holds what they share."""

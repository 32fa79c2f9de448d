"""One file per peer, nothing but rows. Each row was compared with the installed peer, or read in the source named there."""

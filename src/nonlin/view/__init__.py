"""What people look at: tables in the terminal, figures, and the report of a study. Made from plain data only."""

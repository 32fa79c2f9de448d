"""Nothing but definitions: every module here is imported when the catalogue is first asked for a name."""

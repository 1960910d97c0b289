"""`*.file.core.windows.net`: file shares, their index in SQLite, their files as plain files."""

"""Pictures of arrays, one form a file. They draw and compute nothing."""

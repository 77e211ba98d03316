"""Each method of the course once more in NumPy alone, short enough to read on one screen; one file per method."""

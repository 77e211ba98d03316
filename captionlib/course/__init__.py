"""What the course needs beyond the captioner: figures, widgets, exercises, NumPy twins, measurements, `make lab`."""

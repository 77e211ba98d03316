"""Step 2, vision: picture files become images, images become grids of features (lessons 01 and 03)."""

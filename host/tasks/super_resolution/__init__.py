"""Super-resolution: networks that enlarge the luma of images of any size."""

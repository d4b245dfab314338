"""What leaves the workstation, and what stays to decode it: checks, bundle, decoders."""

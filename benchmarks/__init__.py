"""What `make bench` runs: speeds as ratios to an anchor measured in the same interleaved run."""

"""What a run leaves for machines that build and for people who review: see docs/ci.md."""

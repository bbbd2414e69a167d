"""What proves: canonical bytes, salted commitments and hashes of frames. Pure."""

"""The formats Quoth reads, and the folders it finds them in."""

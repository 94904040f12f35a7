"""What the methods find, and what they cost, on the user's own data or on bundled ones."""

"""What is known of each terminal, and what speaks against it. Decides; orders nothing."""

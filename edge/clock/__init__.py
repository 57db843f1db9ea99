"""Our clock: who vouches for it, how far a device is off."""

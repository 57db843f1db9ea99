"""Device families; each is one file or folder behind the door of `drivers.base`."""

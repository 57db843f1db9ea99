"""Which device families there are, and the class that drives each: there is no registry to edit."""

import importlib

from drivers.base import Driver


def load_driver(name: str) -> type[Driver]:
    """The driver class of `drivers/<name>` or of an entry point of group `hall_edge.drivers`."""
    from importlib.metadata import entry_points

    for point in entry_points(group="hall_edge.drivers", name=name):
        return _driver_class(point.value)
    return _driver_class(f"drivers.{name}")


def known_drivers() -> list[str]:
    """The names a `driver =` key may hold."""
    return sorted(driver_modules())


def driver_modules() -> dict[str, str]:
    """Driver -> the module it is loaded from."""
    from importlib.metadata import entry_points

    return {point.name: point.value for point in entry_points(group="hall_edge.drivers")}


def _driver_class(module: str) -> type[Driver]:
    found: type[Driver] = importlib.import_module(module).DRIVER
    return found

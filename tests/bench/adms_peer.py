"""The peer of the intake of terminals that push: the one open server for them that the registries have.

It is set up for speed as far as its makers let one: approval and rate limit off, no processing of attendance,
SQLite in WAL mode and as durable as ours. The environment is made once, inside ours, from hashes.
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.bench.measure import say

RELEASE = "django-fingerprint-attendance 0.1.0"
WANTED = Path(__file__).with_name("adms_peer.lock")
HOME = Path(sys.prefix) / "peer-adms"
PYTHON = HOME / "bin" / "python"
READY = HOME / ".ready"
THREADS = 8
SITE = """
from pathlib import Path
import django
from django.conf import settings
DATABASE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": str(Path(__file__).with_name("peer.db")),
    "CONN_MAX_AGE": None,
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
    },
}
settings.configure(
    SECRET_KEY="bench",
    ALLOWED_HOSTS=["*"],
    USE_TZ=True,
    TIME_ZONE="Asia/Shanghai",
    ROOT_URLCONF="site_of_peer",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "rest_framework",
        "fingerprint_attendance",
    ],
    DATABASES={"default": DATABASE},
    LOGGING_CONFIG=None,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    FINGERPRINT_ATTENDANCE={
        "ADMS_RATE_LIMIT": "",
        "ADMS_REQUIRE_DEVICE_APPROVAL": False,
        "PROCESS_ON_INGEST": False,
        "TEMPLATE_ENCRYPTION_ENABLED": False,
    },
)
django.setup()
from django.core.wsgi import get_wsgi_application
from django.urls import include, path
urlpatterns = [path("", include("fingerprint_attendance.urls"))]
application = get_wsgi_application()
"""
MIGRATE = (
    "import site_of_peer; from django.core.management import call_command as c; c('migrate', verbosity=0)"
)


def install() -> None:
    """Make the environment, once."""
    if not READY.exists():
        say(f"   an environment for {RELEASE} (about a minute, once)")
        subprocess.run([sys.executable, "-m", "venv", "--clear", HOME], check=True)
        pip = [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([*pip, "-r", WANTED], check=True, stdout=sys.stderr)
        READY.touch()


def prepare(folder: Path) -> None:
    """Its site and its empty database."""
    (folder / "site_of_peer.py").write_text(SITE)
    subprocess.run([PYTHON, "-c", MIGRATE], cwd=folder, check=True, stdout=sys.stderr)


def command(folder: Path, port: int) -> list[str | os.PathLike[str]]:
    """What serves it."""
    serve = ["--worker-class", "gthread", "--threads", str(THREADS), "--bind", f"127.0.0.1:{port}"]
    return [
        PYTHON,
        "-m",
        "gunicorn",
        *serve,
        "--chdir",
        folder,
        "--log-level",
        "critical",
        "site_of_peer:application",
    ]

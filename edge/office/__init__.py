"""The people's pages: technician, supervision office, auditor. On the LAN, over HTTPS, off unless configured.

Nothing here is imported before `[office] host` is set. Read in this order: `visit` (the gate), `app` (which
page is for whom), then a page. What changes anything goes through the commands of the control socket, or
into the audited file of accounts.
"""

from edge.office.accounts import Accounts
from edge.office.app import create_office
from edge.office.audits import Audits
from edge.office.forms.contacts import Life
from edge.office.forms.entries import Entries
from edge.office.forms.parts import Parts

__all__ = ["Accounts", "Audits", "Entries", "Life", "Parts", "create_office"]

"""No driver, but what drivers of devices with a web interface share.

Read in this order: `options` (the keys), `digest` (pure), `line` (the sockets: deadline, limits), `client`
(login, errors), `rounds` (news, clock, counts, orders).
"""

# SPDX-License-Identifier: Apache-2.0
#
# Xandikos for several people: it knows one principal and no passwords of its own, so each gets an
# application on the same folder, behind Basic authentication. Arguments: folder, host, port, and a
# JSON file with the password of each user.

import base64
import json
import sys

from aiohttp import web
from xandikos.web import RedirectDavHandler, WELLKNOWN_DAV_PATHS, XandikosApp, XandikosBackend

folder, host, port, accounts = sys.argv[1:]
with open(accounts) as file:
    passwords = json.load(file)
backend = XandikosBackend(folder)
apps = {}
for user in passwords:
    backend.create_principal(f"/{user}/", create_defaults=True)
    apps[user] = XandikosApp(backend, f"/{user}/")


def logged_in(request):
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    user, _, password = base64.b64decode(credentials).decode().partition(":")
    return user if passwords.get(user) == password else None


async def handle(request):
    user = logged_in(request)
    if user is None:
        return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="xandikos"'})
    if request.path != "/" and not (request.path + "/").startswith(f"/{user}/"):
        return web.Response(status=403, text="not yours")
    return await apps[user].aiohttp_handler(request, "/")


app = web.Application(client_max_size=100_000_000)
for path in WELLKNOWN_DAV_PATHS:
    app.router.add_route("*", path, RedirectDavHandler("/").__call__)
app.router.add_route("*", "/{path_info:.*}", handle)
web.run_app(app, host=host, port=int(port))

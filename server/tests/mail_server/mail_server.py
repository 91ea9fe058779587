"""A mail server for the tests of e-mail, which acts out what real ones do.

It listens on a free port of 127.0.0.1, prints one JSON object a line (first the port, then
what happens), and ends with its standard input. What it answers to a recipient is said by the
name before the @: see RECIPIENTS and AFTER_DATA.
"""

import argparse
import asyncio
import base64
import json
import logging
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult

RECIPIENTS = {
    "greylisted": "450 4.2.0 Greylisted, try again later",
    "unknown": "550 5.1.1 No such user here",
    "unwanted": "550 5.7.1 Client host blocked using a list",
    "full": "552 5.2.2 Mailbox full",
    "foreign": "554 5.7.1 Relay access denied",
    "unauthenticated": "530 5.7.0 Authentication required",
    "busy": "421 4.3.2 Shutting down",
}
AFTER_DATA = {
    "later": "451 4.3.0 Try again later",
    "spam": "554 5.6.0 Message refused",
}


def tell(event, **details):
    print(json.dumps({"event": event, **details}), flush=True)


def local_part(address):
    return address.split("@")[0]


class Handler:
    def __init__(self, options):
        self.options = options

    async def handle_MAIL(self, server, session, envelope, address, mail_options):
        if self.options.refuse_sender:
            return self.options.refuse_sender
        envelope.mail_from = address
        return "250 2.1.0 Ok"

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if local_part(address) == "hanging":
            await asyncio.Event().wait()
        refusal = RECIPIENTS.get(local_part(address))
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):
        if local_part(envelope.rcpt_tos[0]) == "silent":
            await asyncio.Event().wait()
        refusal = AFTER_DATA.get(local_part(envelope.rcpt_tos[0]))
        if refusal:
            return refusal
        tell(
            "message",
            sender=envelope.mail_from,
            recipients=envelope.rcpt_tos,
            encrypted=session.ssl is not None,
            signed_in=bool(session.authenticated),
            content=base64.b64encode(envelope.original_content).decode(),
        )
        return "250 2.0.0 Ok: queued"


class Meddled(SMTP):
    """As if somebody in between slipped an answer in, just before TLS begins."""

    async def push(self, status):
        if str(status).startswith("220 Ready to start TLS"):
            status += "\r\n250 Slipped in"
        await super().push(status)


def authenticator(options):
    def check(server, session, envelope, mechanism, data):
        login = [data.login.decode(), data.password.decode()]
        tell("login", encrypted=session.ssl is not None, login=login)
        if options.login_answer:
            return AuthResult(success=False, handled=False, message=options.login_answer)
        return AuthResult(success=login == options.login.split(":", 1), handled=False)

    return check


def context(options):
    if not options.certificate:
        return None
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.load_cert_chain(options.certificate, options.key)
    return made


def server(options):
    tls = context(options)
    if options.implicit_tls:
        # aiosmtpd knows of TLS only what it began itself.
        signing_in = {"auth_require_tls": False}
    else:
        signing_in = {"tls_context": tls, "require_starttls": tls is not None}
        signing_in["auth_require_tls"] = tls is not None
    if options.login:
        signing_in["authenticator"] = authenticator(options)
        signing_in["auth_required"] = True

    def connected():
        tell("connection")
        kind = Meddled if options.meddle else SMTP
        return kind(Handler(options), hostname="mail.test", **signing_in)

    return connected


async def say_and_hang(greeting, reader, writer):
    tell("connection")
    writer.write(greeting.encode())
    await reader.read()


async def main(options):
    loop = asyncio.get_running_loop()
    if options.greeting is not None:

        async def serve(reader, writer):
            await say_and_hang(options.greeting, reader, writer)

        listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    else:
        tls = context(options) if options.implicit_tls else None
        listening = await loop.create_server(server(options), "127.0.0.1", 0, ssl=tls)
    tell("listening", port=listening.sockets[0].getsockname()[1])
    await loop.run_in_executor(None, sys.stdin.read)


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--certificate", help="PEM file; offers STARTTLS")
    parser.add_argument("--key", help="PEM file")
    parser.add_argument("--implicit-tls", action="store_true", help="TLS from the start")
    parser.add_argument("--meddle", action="store_true", help="slip an answer in before TLS")
    parser.add_argument("--login", help="user:password that has to sign in")
    parser.add_argument("--login-answer", help="what every sign-in is answered")
    parser.add_argument("--refuse-sender", help="what MAIL FROM is answered")
    parser.add_argument("--greeting", help="say only this, and no more")
    return parser.parse_args()


if __name__ == "__main__":
    # What it has to say of clients that hang up is what the tests are about.
    logging.disable()
    warnings.simplefilter("ignore")
    asyncio.run(main(options()))

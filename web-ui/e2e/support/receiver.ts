import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that was received. */
export interface Received {
  headers: IncomingHttpHeaders;
  body: string;
}

/** Slack's words: the first is of a channel that is gone, the second of one message. */
const SAID: Record<number, string> = { 404: 'no_service', 400: 'invalid_payload' };

/** Stands in for Slack and for any receiver of webhooks, on a port of its own. */
export class Receiver {
  readonly received: Received[] = [];
  /** What it answers. */
  status = 200;

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        this.received.push({ headers: request.headers, body });
        response.writeHead(this.status, { 'content-type': 'text/plain' });
        response.end(SAID[this.status] ?? 'ok');
      });
    });
  }

  static async start(): Promise<Receiver> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Receiver(server);
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The settings by which a Lampboard may send here, to Slack's paths too. */
  get settings(): Record<string, string> {
    return {
      LAMPBOARD_OUTBOUND_ALLOW: '127.0.0.0/8',
      LAMPBOARD_SLACK_HOSTS: this.origin,
      LAMPBOARD_MASTER_KEY: randomBytes(32).toString('base64'),
    };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

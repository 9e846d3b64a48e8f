// One request to an address of this machine, under any name and from any of its addresses.
import { request as requestPlain, type IncomingHttpHeaders } from 'node:http';
import { request as requestTls } from 'node:https';

export interface Asking {
  /** Where on 127.0.0.1 to connect to, whatever the URL says. */
  readonly port: number;
  /** Where to connect from, such as 127.0.0.5. */
  readonly from?: string;
  readonly method?: string;
  /** `host` replaces the name that the URL says. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Asks without checking the certificate and without following redirects. */
export function ask(url: URL, asking: Asking): Promise<Answer> {
  const { port, from, method = 'GET', headers = {}, body } = asking;
  const content = body === undefined ? '' : JSON.stringify(body);
  const request = url.protocol === 'https:' ? requestTls : requestPlain;
  return new Promise((done, fail) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        localAddress: from ?? '127.0.0.1',
        servername: url.hostname,
        rejectUnauthorized: false,
        agent: false,
        method,
        path: url.pathname + url.search,
        timeout: 5000,
        headers: {
          host: url.host,
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) }),
          ...headers,
        },
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => (text += part));
        answer.on('end', () => done({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
        answer.on('error', fail);
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer within 5 s')));
    outgoing.on('error', fail);
    outgoing.end(content);
  });
}

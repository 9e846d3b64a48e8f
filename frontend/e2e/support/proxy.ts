// A small proxy in front of a server that can lose messages of the socket on their way to the page.
import { createServer, request, type Server as HttpServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { read, type Message } from './traffic';

/** Says of each message for the page whether it arrives. */
export type Keep = (message: Message) => boolean;

export class Proxy {
  keep: Keep = () => true;
  lost = 0;
  url = '';
  readonly #http: HttpServer;
  readonly #sockets = new Set<Socket>();

  private constructor(target: URL) {
    this.#http = createServer((incoming, outgoing) => {
      const { method, url: path, headers } = incoming;
      const forwarded = request(
        { host: target.hostname, port: target.port, method, path, headers, agent: false },
        (answer) => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(outgoing);
        },
      );
      forwarded.on('error', () => outgoing.destroy());
      incoming.pipe(forwarded);
    });
    this.#http.on('upgrade', (incoming, client: Socket, head: Buffer) => {
      const server = connect(Number(target.port), target.hostname);
      for (const socket of [client, server]) {
        this.#sockets.add(socket);
        socket.on('error', () => socket.destroy());
        socket.on('close', () => {
          this.#sockets.delete(socket);
          client.destroy();
          server.destroy();
        });
      }
      const { rawHeaders } = incoming;
      let opening = `${incoming.method ?? 'GET'} ${incoming.url ?? '/'} HTTP/1.1\r\n`;
      for (let i = 0; i < rawHeaders.length; i += 2) {
        opening += `${rawHeaders[i] ?? ''}: ${rawHeaders[i + 1] ?? ''}\r\n`;
      }
      server.write(`${opening}\r\n`);
      server.write(head);
      client.pipe(server);
      this.#relay(server, client);
    });
  }

  static async before(target: string): Promise<Proxy> {
    const proxy = new Proxy(new URL(target));
    await new Promise<void>((done) => proxy.#http.listen(0, '127.0.0.1', done));
    proxy.url = `http://127.0.0.1:${String((proxy.#http.address() as AddressInfo).port)}/`;
    return proxy;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#http.close();
    this.#http.closeAllConnections();
  }

  /** Passes on the answer to the upgrade, then frame by frame. A server's frames are not masked. */
  #relay(server: Socket, client: Socket): void {
    let waiting = Buffer.alloc(0);
    let open = false;
    server.on('data', (chunk: Buffer) => {
      waiting = Buffer.concat([waiting, chunk]);
      if (!open) {
        const end = waiting.indexOf('\r\n\r\n');
        if (end < 0) return;
        open = true;
        client.write(waiting.subarray(0, end + 4));
        waiting = waiting.subarray(end + 4);
      }
      for (let size = frameSize(waiting); size !== null; size = frameSize(waiting)) {
        const frame = waiting.subarray(0, size.whole);
        if (this.#passes(frame, size.header)) client.write(frame);
        waiting = waiting.subarray(size.whole);
      }
    });
  }

  #passes(frame: Buffer, header: number): boolean {
    const first = frame[0] ?? 0;
    if ((first & 0x70) !== 0) throw new Error('the server uses an extension this proxy does not know');
    const opcode = first & 0x0f;
    if (opcode > 2) return true;
    if ((first & 0x80) === 0 || opcode === 0) throw new Error('a message in fragments');
    const payload = frame.subarray(header);
    if (this.keep(read(opcode === 1 ? payload.toString('utf8') : payload))) return true;
    this.lost += 1;
    return false;
  }
}

/** Length of the first frame's header and of all of it; null while it is not there yet (RFC 6455, 5.2). */
function frameSize(bytes: Buffer): { header: number; whole: number } | null {
  if (bytes.length < 2) return null;
  const short = (bytes[1] ?? 0) & 0x7f;
  const header = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < header) return null;
  const length =
    short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  return bytes.length < header + length ? null : { header, whole: header + length };
}

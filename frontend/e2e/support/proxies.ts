// The proxies of docs/proxies/, run for real: nginx, Caddy, HAProxy and Apache httpd in the
// foreground, each with a shipped file. Of such a file only these are changed: the ports it listens
// on (443 and 80), smonitor's port, and paths of certificates and passwords below /etc.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  constants,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ask } from './ask';

export const FOLDER = fileURLToPath(new URL('../../../docs/proxies/', import.meta.url));

/** Who gets past a proxy that asks for a password. */
export const USER = { username: 'alice', password: 'not-a-token-42' } as const;

/** Ports of a proxy and of the smonitor behind it. */
export interface Ports {
  readonly https: number;
  readonly http: number;
  readonly smonitor: number;
}

/** A shipped file and what it says of itself. */
export interface Example {
  readonly file: string;
  readonly kind: Kind;
  readonly text: string;
  /** The smonitor config that belongs to it. */
  readonly config: string;
  /** The address that it publishes, from that config. */
  readonly url: URL;
  readonly asksForPassword: boolean;
}

type Kind = keyof typeof KINDS;

/** How a proxy is run: what surrounds a shipped file, and how it is told to read that again. */
interface Runs {
  readonly program: string;
  /** Other names it goes by, and helpers. */
  readonly needs: readonly string[];
  readonly extension: string;
  readonly around: (folder: string, shipped: string, ports: Ports) => string;
  readonly args: (around: string, shipped: string) => readonly string[];
  readonly reload: (proxy: ProxyProcess) => void;
}

const IS_ROOT = process.getuid?.() === 0;

const KINDS = {
  nginx: {
    program: 'nginx',
    needs: ['htpasswd'],
    extension: '.conf',
    around: (folder, shipped) => `
      daemon off;
      ${IS_ROOT ? 'user root root;' : ''}
      worker_processes 1;
      pid ${folder}/nginx.pid;
      error_log stderr;
      events { worker_connections 256; }
      http {
        access_log off;
        client_body_temp_path ${folder}/t1;
        proxy_temp_path ${folder}/t2;
        fastcgi_temp_path ${folder}/t3;
        uwsgi_temp_path ${folder}/t4;
        scgi_temp_path ${folder}/t5;
        include ${shipped};
      }`,
    args: (around) => ['-e', 'stderr', '-c', around],
    reload: ({ pid }) => process.kill(pid, 'SIGHUP'),
  },
  caddy: {
    program: 'caddy',
    needs: ['htpasswd'],
    extension: '.Caddyfile',
    // A certificate of its own making, in place of one from a public authority.
    around: (folder, shipped, { https, http }) => `
      {
        admin unix/${folder}/admin.sock
        local_certs
        skip_install_trust
        default_bind 127.0.0.1
        https_port ${String(https)}
        http_port ${String(http)}
        log {
          level ERROR
        }
      }
      import ${shipped}
      `,
    args: (around) => ['run', '--adapter', 'caddyfile', '--config', around],
    reload: ({ folder, around }) => {
      const address = `unix/${folder}/admin.sock`;
      const args = ['reload', '--force', '--adapter', 'caddyfile', '--config', around, '--address', address];
      execFileSync('caddy', args, { stdio: 'pipe', env: environment(folder) });
    },
  },
  haproxy: {
    program: 'haproxy',
    needs: [],
    extension: '.cfg',
    around: () => `global\n    maxconn 256\n`,
    args: (around, shipped) => ['-W', '-db', '-f', around, '-f', shipped],
    reload: ({ pid }) => process.kill(pid, 'SIGUSR2'),
  },
  apache: {
    program: 'apache2',
    needs: [],
    extension: '.conf',
    around: (folder, shipped, { https, http }) => `
      ServerRoot ${folder}
      PidFile ${folder}/pid
      Mutex file:${folder} default
      ErrorLog ${folder}/error.log
      ServerName localhost
      ${IS_ROOT ? 'User www-data\nGroup www-data' : ''}
      ${'mpm_event authn_core authz_core alias ssl http2 headers proxy proxy_http proxy_wstunnel'
        .split(' ')
        .map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`)
        .join('\n')}
      StartServers 1
      MinSpareThreads 1
      ThreadsPerChild 16
      MaxRequestWorkers 48
      MaxSpareThreads 48
      Listen 127.0.0.1:${String(https)} https
      Listen 127.0.0.1:${String(http)}
      Include ${shipped}
      `,
    args: (around) => ['-D', 'FOREGROUND', '-f', around],
    reload: ({ pid }) => process.kill(pid, 'SIGUSR1'),
  },
} satisfies Record<string, Runs>;

/** Every shipped file for a proxy. */
export function examples(): Example[] {
  const files = readdirSync(FOLDER).filter((file) => !/\.(md|json)$/.test(file));
  return files.sort().map((file) => {
    const kind = (Object.keys(KINDS) as Kind[]).find(
      (name) => file.startsWith(`${name}-`) && file.endsWith(KINDS[name].extension),
    );
    if (kind === undefined) throw new Error(`docs/proxies/${file}: no proxy is known for it`);
    const text = readFileSync(join(FOLDER, file), 'utf8');
    const config = /^# Belongs to: (\S+)$/m.exec(text)?.[1];
    if (config === undefined) throw new Error(`docs/proxies/${file} does not say "# Belongs to: FILE"`);
    const { server } = JSON.parse(readFileSync(join(FOLDER, config), 'utf8')) as {
      server: { public_url: string };
    };
    const asksForPassword = file.includes('-password.');
    return { file, kind, text, config, url: new URL(server.public_url), asksForPassword };
  });
}

/** What a proxy needs and this machine lacks. */
export function missing(kind: Kind): string[] {
  const { program, needs } = KINDS[kind];
  return ['openssl', program, ...needs].filter((name) => find(name) === null);
}

function find(program: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  for (const folder of folders) {
    const path = join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  return null;
}

/** A shipped file, fit for a test. Comments stay as they are. */
export function adapted(text: string, ports: Ports, folder: string): string {
  const adapt = (line: string): string =>
    line
      .replaceAll('127.0.0.1:8999', `127.0.0.1:${String(ports.smonitor)}`)
      .replace(/^(\s*(?:listen |bind |<VirtualHost ))(?:\*?:)?443\b/, `$1127.0.0.1:${String(ports.https)}`)
      .replace(/^(\s*(?:listen |bind |<VirtualHost ))(?:\*?:)?80\b/, `$1127.0.0.1:${String(ports.http)}`)
      .replace(/\/etc\/[^\s;]+/g, (path) => join(folder, basename(path)));
  return text
    .split('\n')
    .map((line) => (/^\s*#/.test(line) ? line : adapt(line)))
    .join('\n');
}

/** Ports that nobody listens on. */
export async function freePorts(): Promise<Ports> {
  const servers = await Promise.all(
    [0, 1, 2].map(async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const [https = 0, http = 0, smonitor = 0] = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return { https, http, smonitor };
}

const environment = (folder: string): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: folder,
  XDG_DATA_HOME: folder,
  XDG_CONFIG_HOME: folder,
});

export class ProxyProcess {
  readonly folder = mkdtempSync(join(tmpdir(), 'smonitor-proxy-'));
  readonly around = join(this.folder, 'around.conf');
  readonly #example: Example;
  readonly #ports: Ports;
  #child: ChildProcess | undefined;
  #said = '';

  private constructor(example: Example, ports: Ports) {
    this.#example = example;
    this.#ports = ports;
  }

  static async start(example: Example, ports: Ports): Promise<ProxyProcess> {
    const proxy = new ProxyProcess(example, ports);
    try {
      proxy.#prepare();
      await proxy.#launch();
    } catch (error) {
      await proxy.dispose();
      throw error;
    }
    return proxy;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('the proxy does not run');
    return pid;
  }

  /** Has it read its files again, as an administrator would. */
  reload(): void {
    KINDS[this.#example.kind].reload(this);
  }

  async dispose(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      const last = setTimeout(() => child.kill('SIGKILL'), 3000);
      child.kill('SIGTERM');
      await ended;
      clearTimeout(last);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  get #shipped(): string {
    return join(this.folder, this.#example.file);
  }

  /** The shipped file, what surrounds it, a certificate and a password. */
  #prepare(): void {
    const { kind, text, url } = this.#example;
    const path = (name: string) => join(this.folder, name);
    const [key, certificate] = [path(`${url.hostname}.key`), path(`${url.hostname}.crt`)];
    const subject = ['-subj', `/CN=${url.hostname}`, '-addext', `subjectAltName=DNS:${url.hostname}`];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    const out = ['-keyout', key, '-out', certificate];
    execFileSync('openssl', ['req', '-x509', ...curve, ...subject, ...out], { stdio: 'pipe' });
    const both = readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8');
    writeFileSync(path(`${url.hostname}.pem`), both, { mode: 0o600 });
    if (this.#example.asksForPassword) {
      const { username, password } = USER;
      const line = execFileSync('htpasswd', ['-nbB', '-C', '4', username, password], { encoding: 'utf8' });
      writeFileSync(path('smonitor.htpasswd'), line);
      writeFileSync(path('smonitor-users'), line.trim().replace(':', ' ').replace('$2y$', '$2a$'));
    }
    writeFileSync(this.#shipped, adapted(text, this.#ports, this.folder));
    writeFileSync(this.around, KINDS[kind].around(this.folder, this.#shipped, this.#ports));
  }

  async #launch(): Promise<void> {
    const { kind, url, file } = this.#example;
    const { program, args } = KINDS[kind];
    const child = spawn(find(program) ?? program, args(this.around, this.#shipped), {
      cwd: this.folder,
      env: environment(this.folder),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => (this.#said = (this.#said + text).slice(-4000)));
    }
    const until = Date.now() + 10_000;
    for (;;) {
      const answer = await ask(url, { port: this.#ports.https }).catch(() => null);
      if (answer !== null) return;
      const ended = child.exitCode ?? child.signalCode;
      if (ended !== null || Date.now() > until) {
        throw new Error(`${program} with ${file} does not answer (${String(ended)}): ${this.#said}`);
      }
      await new Promise((again) => setTimeout(again, 50));
    }
  }
}

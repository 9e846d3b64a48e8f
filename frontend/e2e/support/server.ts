// Starts the real program on a port of its own and ends it by its process id.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BINARY =
  process.env['SMONITOR_BIN'] ?? fileURLToPath(new URL('../../../target/release/smonitor', import.meta.url));

/** A config file as the program reads it. */
export type Config = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface Wanted {
  readonly kind: 'node' | 'demo';
  readonly config?: Config;
  readonly host?: string;
  /** 0 takes any free one. */
  readonly port?: number;
  readonly seed?: number;
  /** Runs it inside another program, such as `unshare`, that becomes the server itself. */
  readonly within?: readonly string[];
  /** Where tokens and sessions are kept; a fresh folder if not given. */
  readonly stateDir?: string;
}

/** Without settings of the developer's own: the config file says all. */
const ENVIRONMENT = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('SMONITOR_')),
);

/** Fast enough for tests, slow enough for two busy processors. */
const QUICK: Config = { monitor: { interval: 1, process_interval: 1, linger: 3 } };

export class Server {
  /** Address with the slash at the end. */
  url = '';
  /** The access link of a first start. */
  link: string | null = null;
  readonly folder: string;
  readonly #wanted: Wanted;
  #child: ChildProcess | undefined;

  private constructor(wanted: Wanted) {
    this.#wanted = wanted;
    this.folder = mkdtempSync(join(tmpdir(), 'smonitor-e2e-'));
  }

  static async start(wanted: Wanted): Promise<Server> {
    const server = new Server(wanted);
    await server.#launch(wanted.port ?? 0, wanted.config ?? {});
    return server;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('the server does not run');
    return pid;
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name);
  }

  /** Ends it, as a crash would or as asked. */
  async stop(name: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    const last = setTimeout(() => child.kill('SIGKILL'), 5000);
    child.kill(name);
    await ended;
    clearTimeout(last);
  }

  /** Starts it again on the same port, perhaps with another config. */
  async restart(config: Config = this.#wanted.config ?? {}): Promise<void> {
    await this.stop('SIGKILL');
    await this.#launch(this.port, config);
  }

  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #launch(port: number, config: Config): Promise<void> {
    const { kind, host, seed, stateDir, within = [] } = this.#wanted;
    const file = join(this.folder, 'config.json');
    const monitor = { ...QUICK['monitor'], ...config['monitor'] };
    writeFileSync(file, JSON.stringify({ ...config, monitor }), { mode: 0o600 });
    const args = kind === 'demo' ? ['demo', '--seed', String(seed ?? 7)] : ['--mode', 'node'];
    args.push(
      '--config',
      file,
      '--port',
      String(port),
      '--state-dir',
      stateDir ?? join(this.folder, 'state'),
    );
    if (host !== undefined) args.push('--host', host);
    const [program = BINARY, ...rest] = [...within, BINARY, ...args];
    const child = spawn(program, rest, {
      cwd: this.folder,
      env: ENVIRONMENT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    let said = '';
    let complained = '';
    child.stdout.setEncoding('utf8');
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text: string) => (complained = (complained + text).slice(-4000)));
    await new Promise<void>((done, fail) => {
      const timer = setTimeout(() => fail(new Error(`no address after 20 s: ${said}${complained}`)), 20_000);
      child.once('error', fail);
      child.once('exit', (code) => fail(new Error(`${BINARY} ended with ${String(code)}: ${complained}`)));
      child.stdout.on('data', (text: string) => {
        said += text;
        const address = / is at (http:\S+)\n/.exec(said)?.[1];
        if (address === undefined) return;
        this.url = address;
        clearTimeout(timer);
        done();
      });
    });
    this.link = /first visit: (\S+)/.exec(said)?.[1] ?? this.link;
    await this.#answers();
  }

  /** The address is printed a moment before it is served. */
  async #answers(): Promise<void> {
    const until = Date.now() + 10_000;
    for (;;) {
      const answer = await fetch(new URL('healthz', this.url)).catch(() => null);
      if (answer?.ok === true) return;
      if (Date.now() > until) throw new Error(`no answer at ${this.url}`);
      await new Promise((again) => setTimeout(again, 50));
    }
  }
}

// Starts the real program on a port of its own and ends it by its process id.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const BINARY =
  process.env['SMONITOR_BIN'] ?? fileURLToPath(new URL('../../../target/release/smonitor', import.meta.url));

/** A config file as the program reads it. */
export type Config = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface Wanted {
  readonly kind: 'node' | 'demo';
  readonly config?: Config;
  /** A file to be read as it is, in place of `config`; such a server needs a port. */
  readonly configFile?: string;
  readonly host?: string;
  /** 0 takes any free one. */
  readonly port?: number;
  readonly seed?: number;
  /** Of a demo: a site of so many hosts, with so many cards each. */
  readonly nodes?: number;
  readonly gpus?: number;
  /** Runs it inside another program, such as `unshare`, that becomes the server itself. */
  readonly within?: readonly string[];
  /** Where tokens and sessions are kept; a fresh folder if not given. */
  readonly stateDir?: string;
}

/** Without settings of the developer's own: the config file says all. */
const ENVIRONMENT = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('SMONITOR_')),
);

/** Fast enough for tests, slow enough for two busy processors; and no port that others want too. */
const QUICK: Config = {
  monitor: { interval: 1, process_interval: 1, linger: 3 },
  manager: { port: 0 },
};

/** The same for a server that has a file of its own. */
const QUICK_BESIDE_FILE = Object.fromEntries(
  Object.entries(QUICK).flatMap(([section, settings]) =>
    Object.entries(settings).map(([name, value]) => [
      `SMONITOR_${section}_${name}`.toUpperCase(),
      String(value),
    ]),
  ),
);

/** Of what a server says on standard error, so much is kept. */
const LOG_CHARACTERS = 200_000;

export class Server {
  /** Address with the slash at the end, past any proxy. */
  url = '';
  /** What it said on standard error, its access log among it; of all its lives. */
  log = '';
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

  /** The process that serves: the only child of its manager, or the server itself if it has none. */
  workerPid(): number {
    const { pid } = this;
    const [worker, ...more] = children(pid);
    if (more.length > 0) throw new Error(`the server has more children than one: ${more.join(', ')}`);
    return worker ?? pid;
  }

  /**
   * To all of it. The manager is stopped before the worker and continues after it, or it would mend
   * what is meant.
   */
  signal(name: NodeJS.Signals): void {
    const all = new Set([this.pid, this.workerPid()]);
    for (const pid of name === 'SIGCONT' ? [...all].reverse() : all) process.kill(pid, name);
  }

  /** To the process that serves only. */
  signalWorker(name: NodeJS.Signals): void {
    process.kill(this.workerPid(), name);
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
    const { kind, configFile, host, seed, nodes, gpus, stateDir, within = [] } = this.#wanted;
    const file = configFile ?? join(this.folder, 'config.json');
    if (configFile === undefined) {
      const monitor = { ...QUICK['monitor'], ...config['monitor'] };
      const manager = { ...QUICK['manager'], ...config['manager'] };
      writeFileSync(file, JSON.stringify({ ...config, monitor, manager }), { mode: 0o600 });
    }
    const args = kind === 'demo' ? ['demo', '--seed', String(seed ?? 7)] : ['--mode', 'node'];
    if (nodes !== undefined) args.push('--nodes', String(nodes));
    if (gpus !== undefined) args.push('--gpus', String(gpus));
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
      env: configFile === undefined ? ENVIRONMENT : { ...ENVIRONMENT, ...QUICK_BESIDE_FILE },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    let said = '';
    const complaints = () => this.log.slice(-4000);
    child.stdout.setEncoding('utf8');
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text: string) => (this.log = (this.log + text).slice(-LOG_CHARACTERS)));
    await new Promise<void>((done, fail) => {
      const timer = setTimeout(
        () => fail(new Error(`no address after 20 s: ${said}${complaints()}`)),
        20_000,
      );
      child.once('error', fail);
      child.once('exit', (code) => fail(new Error(`${BINARY} ended with ${String(code)}: ${complaints()}`)));
      child.stdout.on('data', (text: string) => {
        said += text;
        const address = / is at (https?:\S+)\n/.exec(said)?.[1];
        if (address === undefined) return;
        // With a file of its own it tells the address of the proxy.
        this.url = configFile === undefined ? address : past(address, port);
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

/** The address of a server on this machine that says it is at `address`. */
function past(address: string, port: number): string {
  if (port === 0) throw new Error('a server with a config file needs a port');
  return `http://127.0.0.1:${String(port)}${new URL(address).pathname}`;
}

/** Processes that a process has started, by whichever of its threads, and that still run. */
function children(pid: number): number[] {
  const threads = `/proc/${String(pid)}/task`;
  return readdirSync(threads).flatMap((thread) =>
    readFileSync(join(threads, thread, 'children'), 'utf8')
      .split(' ')
      .filter(Boolean)
      .map(Number),
  );
}

// The tabs of a host: how each is called in both languages, and what shows that it is there and alive.
import type { Locator, Page } from '@playwright/test';
import { gridOf, rowsOf } from './grids';

export interface Tab {
  readonly id: string;
  readonly link: RegExp;
  /** The single key that leads to it. */
  readonly key: string;
  /** Visible once its data are. */
  readonly ready: (page: Page) => Locator;
  /** Has texts that change from tick to tick. */
  readonly alive: (page: Page) => Locator;
}

const panel = (page: Page, name: RegExp): Locator => page.getByRole('region', { name });

export const tabs = (page: Page): Locator =>
  page.getByRole('navigation', { name: /^(Views of this host|此主机的视图)$/ });
export const tabLink = (page: Page, { link }: Pick<Tab, 'link'>): Locator =>
  tabs(page).getByRole('link', { name: link });

export const filesystems = (page: Page): Locator => gridOf(page, /^(Filesystems|文件系统)$/);
export const disks = (page: Page): Locator => gridOf(page, /^(Disks|磁盘)$/);
export const interfaces = (page: Page): Locator => gridOf(page, /^(Interfaces|接口)$/);
export const containers = (page: Page): Locator => gridOf(page, /^(Containers|容器)$/);
export const logins = (page: Page): Locator => gridOf(page, /^(Logged in|登录用户)$/);
export const sources = (page: Page): Locator => page.getByRole('group', { name: /^(All sources|全部来源)$/ });
export const temperatures = (page: Page): Locator => panel(page, /^(Temperatures|温度)$/);

/** The cells of all cards, one for each, with words. */
export const gpuStrip = (page: Page): Locator =>
  page.getByRole('list', { name: /^(\d+ GPUs?: |\d+ 张 GPU：)/ });
export const gpuProcesses = (page: Page): Locator => gridOf(page, /^(Processes on GPUs|GPU 上的进程)$/);

/** Those that came after overview and processes. */
export const TABS: readonly Tab[] = [
  {
    id: 'gpus',
    link: /^GPUs?(\s|$)/,
    key: 'g',
    ready: (page) => gpuStrip(page),
    alive: (page) => panel(page, /^(Cards|显卡)$/),
  },
  {
    id: 'storage',
    link: /^(Storage|存储)/,
    key: 's',
    ready: (page) => rowsOf(filesystems(page)).first(),
    alive: disks,
  },
  {
    id: 'network',
    link: /^(Network|网络)/,
    key: 'n',
    ready: (page) => rowsOf(interfaces(page)).first(),
    alive: interfaces,
  },
  {
    id: 'sensors',
    link: /^(Sensors|传感器)/,
    key: 'e',
    ready: (page) => temperatures(page).getByRole('listitem').first(),
    alive: temperatures,
  },
  {
    id: 'containers',
    link: /^(Containers|容器)/,
    key: 'c',
    ready: (page) => rowsOf(containers(page)).first(),
    alive: containers,
  },
  {
    id: 'users',
    link: /^(Users|用户)/,
    key: 'u',
    ready: (page) => rowsOf(logins(page)).first(),
    alive: logins,
  },
  {
    id: 'health',
    link: /^(Health|健康)/,
    key: 'x',
    ready: (page) => sources(page).getByRole('row').nth(5),
    alive: sources,
  },
];

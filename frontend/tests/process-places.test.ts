import { render, screen, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Containers, GpuProcess, Gpus, Reading } from '../src/lib/api/api';
import { setLanguage } from '../src/lib/i18n/index.svelte';
import { elsewhere } from '../src/panels/process/elsewhere';
import { processFilter } from '../src/panels/process/filter';
import ProcessTable from '../src/panels/process/ProcessTable.svelte';
import { container, containers } from './container-documents';
import { docker, gpuProcess, gpus } from './people-documents';
import { processesDocument, processRow } from './process-rows';

const train = docker('0123456789ab');
const rows = [
  processRow(1, { place: {} }),
  processRow(20, { place: { container: train } }),
  processRow(30, { place: { slurm_job: '1234', unit: 'slurmstepd.scope' } }),
  processRow(40, { place: { unit: 'jupyterhub.service' } }),
  processRow(50, { place: { session: '42' } }),
  processRow(60, { place: { absent: 'permission_denied' } }),
];
const named = containers([container('x', { key: train.key, name: 'train-28' })]);
const onCards: GpuProcess[] = [
  gpuProcess(3, 20),
  gpuProcess(0, 20),
  gpuProcess(1, 30, { memory_bytes: { absent: 'not_supported' } }),
];

const table = () => screen.getByLabelText('Processes', { selector: '[role=grid]' });
function cell(pid: number, column: string): HTMLElement {
  const heads = within(table()).getAllByRole('columnheader');
  const at = heads.findIndex((head) => head.textContent.includes(column));
  const row = table().querySelector(`[data-key="${String(pid)}-100"]`);
  return row?.children[at] as HTMLElement;
}
const mount = (of: Reading<Gpus> = gpus(onCards), boxes: Reading<Containers> = named, props = {}) =>
  render(ProcessTable, {
    props: { document: processesDocument(rows), logicalProcessors: 8, gpus: of, containers: boxes, ...props },
  });
const shown = () =>
  within(table())
    .getAllByRole('row')
    .slice(1)
    .map((row) => Number(row.dataset['key']?.split('-')[0]))
    .sort((a, b) => a - b);

beforeEach(() => localStorage.clear());
afterEach(() => setLanguage('en'));

describe('where processes belong', () => {
  it('is the container by its name, else the job, the service, the session', () => {
    mount();
    expect([20, 30, 40, 50].map((pid) => cell(pid, 'Where').textContent.trim())).toEqual([
      'train-28',
      'job 1234',
      'jupyterhub.service',
      'session 42',
    ]);
    expect(cell(1, 'Where')).toHaveAttribute('title', 'A process of the machine itself');
    expect(cell(60, 'Where')).toHaveAttribute('title', 'No reading: no permission to read it');
  });

  it('is the short id where no name is known', () => {
    mount(gpus(onCards), { absent: 'not_collected' });
    expect(cell(20, 'Where')).toHaveTextContent('0123456789ab');
  });

  it('stands in the drawer, with the cards', async () => {
    mount();
    await userEvent.click(cell(20, 'PID'));
    const dialog = screen.getByRole('dialog');
    expect(dialog).toHaveTextContent(/Container\s*train-28 \(docker\)/);
    expect(dialog).toHaveTextContent(/GPU\s*0, 3\s*GPU mem\s*16\.0.GiB/);
    expect(dialog).not.toHaveTextContent('Slurm job');
  });
});

describe('what processes do on cards', () => {
  it('is joined by the process id, all cards together; absent memory is not 0', () => {
    mount();
    expect(cell(20, 'GPU')).toHaveTextContent('0, 3');
    expect(cell(20, 'GPU mem')).toHaveTextContent('16.0 GiB');
    expect(cell(30, 'GPU mem')).toHaveAttribute(
      'title',
      'No reading: not supported by this machine or kernel',
    );
    expect(cell(40, 'GPU mem')).toHaveAttribute('title', 'It is on no GPU');
  });

  it('has no columns and no option on a machine without cards', () => {
    mount({ absent: 'not_supported' });
    expect(within(table()).queryByRole('columnheader', { name: /GPU/ })).toBeNull();
    expect(screen.queryByRole('checkbox', { name: 'GPU only' })).toBeNull();
    // What an address asks for that the machine does not have hides nothing.
    mount({ absent: 'not_supported' }, named, { gpuOnly: true }).unmount();
    expect(shown()).toEqual([1, 20, 30, 40, 50, 60]);
  });

  it('can be all that is shown', async () => {
    mount();
    expect(shown()).toEqual([1, 20, 30, 40, 50, 60]);
    await userEvent.click(screen.getByRole('checkbox', { name: 'GPU only' }));
    expect(shown()).toEqual([20, 30]);
    expect(screen.getByText('2 of 6')).toBeInTheDocument();
  });
});

describe('the filter', () => {
  const other = elsewhere(named, gpus(onCards));
  const found = (query: string) => {
    const test = processFilter(query, 1, other);
    return rows.filter((row) => test?.(row) ?? true).map(({ pid }) => pid);
  };

  it.each([
    ['train-28', [20]],
    ['0123456789ab', [20]],
    ['container:train', [20]],
    ['container:0123', [20]],
    ['job:1234', [30]],
    ['jupyterhub', [40]],
    ['unit:slurmstepd', [30]],
    ['gpu:3', [20]],
    ['gpu:1,3', [20, 30]],
    ['gpu:>=0', [20, 30]],
    ['gpumem:>10G', [20]],
    ['gpumem:<100G', [20]],
  ])('understands %s', (query, expected) => expect(found(query)).toEqual(expected));
});

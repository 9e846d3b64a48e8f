import { fireEvent, render, screen, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ProcessesDocument } from '../src/lib/api/api';
import { setLanguage } from '../src/lib/i18n/index.svelte';
import ProcessTable from '../src/panels/process/ProcessTable.svelte';
import { processesDocument, processRow } from './process-rows';

const three = () =>
  processesDocument([
    processRow(1, { user: 'root', cpu_percent: 1, name: 'init', command: '/sbin/init', parent_pid: 0 }),
    processRow(20, { user: 'alice', cpu_percent: 50 }),
    processRow(300, { user: 'bob', cpu_percent: { absent: 'measuring' }, parent_pid: 20 }),
  ]);

const shown = () =>
  within(screen.getByLabelText('Processes', { selector: '[role=grid],[role=treegrid]' }))
    .getAllByRole('row')
    .slice(1)
    .map((row) => row.dataset['key']?.split('-')[0]);

const table = () => screen.getByLabelText('Processes', { selector: '[role=grid],[role=treegrid]' });

function mount(document: ProcessesDocument | null, props: Record<string, unknown> = {}) {
  return render(ProcessTable, { props: { document, logicalProcessors: 8, ...props } });
}

beforeEach(() => {
  localStorage.clear();
});
afterEach(() => setLanguage('en'));

describe('ProcessTable', () => {
  it('shows the busiest first and absent readings last, as a dash with its reason', () => {
    mount(three());
    expect(shown()).toEqual(['20', '1', '300']);
    expect(screen.getByTitle(/measuring/)).toHaveTextContent('–');
  });

  it('sorts by a clicked header, then the other way, and says so', async () => {
    const user = userEvent.setup();
    mount(three());
    const header = screen.getByRole('columnheader', { name: /PID/ });
    expect(header).toHaveAttribute('aria-sort', 'none');
    await user.click(within(header).getByRole('button'));
    expect(header).toHaveAttribute('aria-sort', 'ascending');
    expect(shown()).toEqual(['1', '20', '300']);
    await user.click(within(header).getByRole('button'));
    expect(header).toHaveAttribute('aria-sort', 'descending');
    expect(shown()).toEqual(['300', '20', '1']);
  });

  it('holds the order while the pointer is on it and goes on when it leaves', async () => {
    const { rerender } = mount(three());
    const busier = processesDocument(
      three().processes.map((row) => (row.pid === 1 ? { ...row, cpu_percent: 99 } : row)),
    );
    await fireEvent.pointerEnter(table().parentElement as HTMLElement, { pointerType: 'mouse' });
    await rerender({ document: busier });
    expect(shown()).toEqual(['20', '1', '300']);
    expect(screen.getByText('99.0')).toBeInTheDocument();
    expect(screen.getByText('Sorting paused')).toHaveAttribute('aria-hidden', 'false');
    await fireEvent.pointerLeave(table().parentElement as HTMLElement, { pointerType: 'mouse' });
    expect(shown()).toEqual(['1', '20', '300']);
    expect(screen.getByText('Sorting paused')).toHaveAttribute('aria-hidden', 'true');
  });

  it('holds the order while the keyboard is in it, and marks what has ended', async () => {
    const { rerender } = mount(three());
    table().focus();
    await fireEvent.keyDown(table(), { key: 'j' });
    await rerender({ document: processesDocument(three().processes.filter(({ pid }) => pid !== 20)) });
    expect(shown()).toEqual(['20', '1', '300']);
    expect(screen.getByTitle('no longer there')).toHaveAttribute('data-key', '20-100');
    table().blur();
    await tick();
    expect(shown()).toEqual(['1', '300']);
  });

  it('moves by keyboard and keeps the active row through a new order', async () => {
    const { rerender } = mount(three());
    table().focus();
    await fireEvent.keyDown(table(), { key: 'End' });
    const active = () => document.getElementById(table().getAttribute('aria-activedescendant') ?? '');
    expect(active()?.dataset['key']).toBe('300-100');
    table().blur();
    await rerender({
      document: processesDocument(
        three().processes.map((row) => (row.pid === 300 ? { ...row, cpu_percent: 700 } : row)),
      ),
    });
    expect(shown()[0]).toBe('300');
    expect(active()?.dataset['key']).toBe('300-100');
    await fireEvent.keyDown(table(), { key: 'ArrowDown' });
    expect(active()?.dataset['key']).toBe('20-100');
  });

  it('filters as one types, counts, and offers the way back', async () => {
    const user = userEvent.setup();
    mount(three());
    const box = screen.getByRole('searchbox');
    await user.type(box, 'user:alice');
    expect(shown()).toEqual(['20']);
    expect(screen.getByText('1 of 3')).toBeInTheDocument();
    await user.type(box, 'x');
    expect(screen.getByText('Nothing matches “user:alicex”.')).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Clear filter' }));
    expect(shown()).toEqual(['20', '1', '300']);
    expect(box).toHaveValue('');
  });

  it('opens a process by Enter, names its ancestors, and gives the focus back', async () => {
    const user = userEvent.setup();
    mount(three());
    table().focus();
    await fireEvent.keyDown(table(), { key: 'End' });
    await fireEvent.keyDown(table(), { key: 'Enter' });
    const drawer = screen.getByRole('dialog', { name: 'Process 300' });
    const above = within(drawer).getAllByRole('listitem');
    expect(above.map((one) => one.textContent.trim())).toEqual(['20 /usr/bin/task20 --work', '1 /sbin/init']);
    await user.click(within(drawer).getByRole('button', { name: /^20 / }));
    expect(screen.getByRole('dialog', { name: 'Process 20' })).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Close' }));
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(table()).toHaveFocus();
  });

  it('keeps the last sight of a process that ends while it is open', async () => {
    const { rerender } = mount(three());
    await fireEvent.click(screen.getByText('50.0'));
    await rerender({ document: processesDocument([processRow(1)]) });
    const drawer = screen.getByRole('dialog', { name: 'Process 20' });
    expect(drawer).toHaveTextContent('This process has ended');
    expect(drawer).toHaveTextContent('50.0');
  });

  it('shows a command as text, whatever it says', () => {
    const command = '<img src=x onerror=alert(1)>\u202e\u0007';
    const { container } = mount(processesDocument([processRow(7, { command })]));
    expect(container.querySelector('img')).toBeNull();
    expect(screen.getByText('<img src=x onerror=alert(1)>�␇')).toBeInTheDocument();
  });

  it('draws a tree with levels and closes a branch by keyboard', async () => {
    mount(three(), { tree: true });
    expect(table()).toHaveAttribute('role', 'treegrid');
    expect(shown()).toEqual(['1', '20', '300']);
    const levels = within(table()).getAllByRole('row').slice(1);
    expect(levels.map((row) => row.getAttribute('aria-level'))).toEqual(['1', '2', '3']);
    table().focus();
    await fireEvent.keyDown(table(), { key: 'Home' });
    await fireEvent.keyDown(table(), { key: 'ArrowLeft' });
    expect(shown()).toEqual(['1']);
    await fireEvent.keyDown(table(), { key: 'ArrowRight' });
    expect(shown()).toEqual(['1', '20', '300']);
  });

  it('windows a long list but counts all of it', () => {
    const rows = Array.from({ length: 500 }, (_, index) => processRow(index + 1));
    mount(processesDocument(rows));
    expect(table()).toHaveAttribute('aria-rowcount', '501');
    expect(shown().length).toBeLessThan(60);
    expect(within(table()).getAllByRole('row')[1]).toHaveAttribute('aria-rowindex', '2');
  });

  it('hides kernel threads and switches to the share of the host, and remembers both', async () => {
    const user = userEvent.setup();
    const rows = [
      processRow(2, { kernel_thread: true, command: '[kthreadd]' }),
      processRow(9, { cpu_percent: 400 }),
    ];
    const { unmount } = mount(processesDocument(rows));
    await user.click(screen.getByRole('checkbox', { name: 'Hide kernel threads' }));
    await user.selectOptions(screen.getByLabelText('CPU scale'), 'host');
    expect(shown()).toEqual(['9']);
    expect(screen.getByText('50.0')).toBeInTheDocument();
    unmount();
    expect(localStorage.getItem('sm.process.hideKernel')).toBe('true');
    expect(localStorage.getItem('sm.process.cpuScale')).toBe('"host"');
  });

  it('exports what is shown, with commands defused', async () => {
    const user = userEvent.setup();
    let written: Blob | null = null;
    vi.spyOn(URL, 'createObjectURL').mockImplementation((blob) => {
      written = blob as Blob;
      return 'blob:test';
    });
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => undefined);
    mount(processesDocument([processRow(5, { command: '=1+1' }), processRow(6, { user: 'bob' })]), {
      q: 'user:alice',
      columns: ['pid', 'command'],
    });
    await user.click(screen.getByRole('button', { name: 'CSV' }));
    expect(written).not.toBeNull();
    const text = await (written as unknown as Blob).text();
    expect(text.replace('\uFEFF', '')).toBe("PID,Command\r\n5,'=1+1\r\n");
  });

  it('says why there is no list, what only a part of it means, and that it is loading', async () => {
    const refused = three();
    refused.processes = [];
    refused.summary.value = { absent: 'permission_denied' };
    const { rerender } = mount(refused);
    expect(screen.getByText(/cannot be read: no permission/)).toBeInTheDocument();
    await rerender({ document: processesDocument(three().processes, { sees_other_users: false }) });
    expect(screen.getByText(/hidepid/)).toBeInTheDocument();
    await rerender({ document: null });
    expect(screen.getByText('Loading…')).toBeInTheDocument();
  });

  it('speaks Chinese', async () => {
    await setLanguage('zh-CN');
    mount(three());
    expect(screen.getByRole('columnheader', { name: /命令/ })).toBeInTheDocument();
    expect(screen.getAllByText('休眠')).toHaveLength(3);
  });
});

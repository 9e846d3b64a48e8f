import { render, screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { expect, it, vi } from 'vitest';
import type { ProcessRow } from '../src/lib/api/api';
import { asNames } from '../src/panels/process/choices';
import { processColumns } from '../src/panels/process/columns';
import ColumnsMenu from '../src/ui/ColumnsMenu.svelte';

// The popover is closed in the test's document; that it opens is for a real browser to show.
const hidden = { hidden: true };

const mount = (chosen: readonly string[] | undefined) => {
  const onchoose = vi.fn();
  render(ColumnsMenu<ProcessRow>, { props: { columns: processColumns(1), chosen, onchoose } });
  return onchoose;
};

it('offers every column and tells the new choice in the order of definition', async () => {
  const user = userEvent.setup();
  const onchoose = mount(['command', 'pid']);
  expect(screen.getAllByRole('checkbox', hidden)).toHaveLength(processColumns(1).length);
  await user.click(screen.getByRole('checkbox', { name: /VIRT/, ...hidden }));
  expect(onchoose).toHaveBeenLastCalledWith(['pid', 'virtual', 'command']);
  await user.click(screen.getByRole('checkbox', { name: /^PID/, ...hidden }));
  expect(onchoose).toHaveBeenLastCalledWith(['command']);
});

it('does not let the last column go, and leads back to the default', async () => {
  const user = userEvent.setup();
  const onchoose = mount(['pid']);
  expect(screen.getByRole('checkbox', { name: /^PID/, ...hidden })).toBeDisabled();
  await user.click(screen.getByRole('button', { name: 'Default columns', ...hidden }));
  expect(onchoose).toHaveBeenLastCalledWith(undefined);
});

it('takes from storage only what is a list of names', () => {
  expect(asNames(['pid', 'user'])).toEqual(['pid', 'user']);
  for (const stored of [null, [], 'pid', [1], ['pid', null], { 0: 'pid' }])
    expect(asNames(stored)).toBeNull();
});

// Who is on the graphics cards.
import { addTexts } from '../index.svelte';

export const people = addTexts({
  'people.title': 'People on GPUs',
  'people.user': 'User',
  'people.number': 'user id {id}',
  'people.cards': 'GPUs',
  'people.memory': 'GPU memory',
  'people.processes': 'Processes',
  'people.processesOn.one': '1 process: show it in the list',
  'people.processesOn.other': '{n} processes: show them in the list',
  'people.since': 'Since',
  'people.held': 'Held idle',
  'people.heldHint': 'GPUs that are held and compute nothing',
  'people.containers': 'Containers',
  'people.account': 'Account ends',
  'people.accountHint': 'From /etc/shadow; days are UTC',
  'people.never': 'never',
  'people.expired': 'ended {day}',
  'people.none': 'none',
  'people.nobody_none': 'Nobody is on a GPU.',
  'people.nobody_hidden': 'Guests do not see whose processes these are.',
  'people.nobody_unknown': 'Who is on the cards cannot be told now.',
  'people.absent': 'Who is on the GPUs cannot be read: {reason}.',
  'people.more.one': '1 more user is not listed.',
  'people.more.other': '{n} more users are not listed.',
});

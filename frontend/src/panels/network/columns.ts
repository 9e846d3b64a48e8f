// The columns of the table of interfaces, and what its filter box understands.
import type { Interface } from '../../lib/api/api';
import '../../lib/i18n/en/network';
import { t } from '../../lib/i18n/index.svelte';
import { part, present } from '../../lib/model/reading';
import { decimal, moved } from '../../lib/model/units';
import type { Column, PlainKey } from '../../lib/table';
import { LARGEST_FIRST, reading } from '../../lib/table-columns';
import { compile, type Fields } from '../../lib/table-filter';
import { addressTexts, bitRate, lost, lostText, speedText, type Loss } from './interfaces';

export const kindKey = (row: Interface): PlainKey => `network.kind_${row.kind}`;
export const stateKey = (row: Interface): PlainKey => `network.state_${row.state}`;

const packets = (rate: number): string => decimal(rate, rate > 0 && rate < 9.95 ? 1 : 0);

function losses(id: string, label: PlainKey, hint: PlainKey, kind: Loss): Column<Interface> {
  return {
    id,
    label,
    hint,
    width: 78,
    ...LARGEST_FIRST,
    sort: (row) => lost(row, kind),
    text: (row) => lostText(row, kind),
  };
}

export function interfaceColumns(): readonly Column<Interface>[] {
  return [
    {
      id: 'name',
      label: 'network.name',
      width: 92,
      narrowWidth: 84,
      essential: true,
      sort: (row) => row.key,
      text: (row) => row.key,
    },
    {
      id: 'kind',
      label: 'network.kind',
      width: 86,
      sort: (row) => t(kindKey(row)),
      text: (row) => t(kindKey(row)),
      csv: (row) => row.kind,
    },
    {
      id: 'state',
      label: 'network.state',
      width: 92,
      narrowWidth: 72,
      essential: true,
      sort: (row) => t(stateKey(row)),
      text: (row) => t(stateKey(row)),
      csv: (row) => row.state,
    },
    {
      id: 'speed',
      label: 'network.speed',
      hint: 'network.speedHint',
      width: 92,
      ...LARGEST_FIRST,
      ...reading((row: Interface) => row.speed_bits_per_second, String),
      text: speedText,
    },
    {
      id: 'duplex',
      label: 'network.duplex',
      width: 92,
      optional: true,
      ...reading(
        (row: Interface) => part(row.full_duplex, (full) => t(full ? 'network.full' : 'network.half')),
        String,
      ),
    },
    {
      id: 'addresses',
      label: 'network.addresses',
      width: 150,
      grow: true,
      ...reading(
        (row: Interface) => part(addressTexts(row), (all) => all.join(' ')),
        (all) => all || t('network.noAddress'),
      ),
    },
    { id: 'mac', label: 'network.mac', width: 140, ...reading((row: Interface) => row.mac_address, String) },
    {
      id: 'mtu',
      label: 'network.mtu',
      hint: 'network.mtuHint',
      width: 56,
      ...LARGEST_FIRST,
      ...reading((row: Interface) => row.mtu_bytes, String),
    },
    {
      id: 'in',
      label: 'network.rateIn',
      hint: 'network.rateInHint',
      width: 94,
      narrowWidth: 90,
      essential: true,
      ...LARGEST_FIRST,
      ...reading((row: Interface) => row.received.bytes_per_second, bitRate),
    },
    {
      id: 'out',
      label: 'network.rateOut',
      hint: 'network.rateOutHint',
      width: 94,
      narrowWidth: 90,
      essential: true,
      ...LARGEST_FIRST,
      ...reading((row: Interface) => row.sent.bytes_per_second, bitRate),
    },
    {
      id: 'packets_in',
      label: 'network.packetsIn',
      hint: 'network.packetsInHint',
      width: 84,
      ...LARGEST_FIRST,
      ...reading((row: Interface) => row.received.packets_per_second, packets),
    },
    {
      id: 'packets_out',
      label: 'network.packetsOut',
      hint: 'network.packetsOutHint',
      width: 84,
      ...LARGEST_FIRST,
      ...reading((row: Interface) => row.sent.packets_per_second, packets),
    },
    {
      id: 'total_in',
      label: 'network.totalIn',
      hint: 'network.totalInHint',
      width: 76,
      ...LARGEST_FIRST,
      ...reading((row: Interface) => row.received.bytes_total, moved),
    },
    {
      id: 'total_out',
      label: 'network.totalOut',
      hint: 'network.totalOutHint',
      width: 76,
      ...LARGEST_FIRST,
      ...reading((row: Interface) => row.sent.bytes_total, moved),
    },
    losses('errors', 'network.errors', 'network.errorsHint', 'errors'),
    losses('drops', 'network.drops', 'network.dropsHint', 'dropped'),
  ];
}

const fields: Fields<Interface> = {
  kind: { kind: 'text', of: (row) => [row.kind, t(kindKey(row)).toLowerCase()] },
  state: { kind: 'text', of: (row) => [row.state, t(stateKey(row)).toLowerCase()] },
  mtu: { kind: 'number', of: (row, unit) => (unit === '' ? present(row.mtu_bytes) : null) },
};

function freeText(row: Interface): string {
  const addresses = present(addressTexts(row)) ?? [];
  const mac = present(row.mac_address) ?? '';
  // Newlines keep a word from matching across two fields.
  return [row.key, t(kindKey(row)), t(stateKey(row)), mac, ...addresses].join('\n').toLowerCase();
}

export const interfaceFilter = (query: string) => compile(query, fields, freeText);

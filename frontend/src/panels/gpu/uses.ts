// Who is on a card and where, each once.
import type { Gpu, Gpus } from '../../lib/api/api';
import { present } from '../../lib/model/reading';
import { ownerText, processesOf } from './cards';
import { placeWords } from './places';
import type { ContainerNames } from '../container/names';

export interface Use {
  readonly who: string;
  /** Empty where it is the machine itself, or not known. */
  readonly where: string;
}

export function usesOf(gpus: Gpus, card: Gpu, names: ContainerNames): readonly Use[] {
  const found = new Map<string, Use>();
  for (const process of processesOf(gpus, card)) {
    const place = present(process.place);
    const where = place === null || Object.keys(place).length === 0 ? '' : placeWords(place, names);
    const who = ownerText(process);
    found.set(`${who}\n${where}`, { who, where });
  }
  return [...found.values()];
}

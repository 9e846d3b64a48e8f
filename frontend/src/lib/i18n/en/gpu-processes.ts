// The table of processes on graphics cards.
import { addTexts } from '../index.svelte';

export const texts = {
  'gpus.processes': 'Processes on GPUs',
  'gpus.filter': 'Filter: user:alice gpu:0 mem:>10G …',
  'gpus.filterHint':
    'Words match user, container, job, command and PID. Fields: gpu: user: pid: where: sm:>50 mem:>10G cpu: kind:',
  'gpus.grouped': 'By container',
  'gpus.groupedHint': 'Processes of a container, job, service or session stand together',
  'gpus.col_Gpu': 'GPU',
  'gpus.col_Pid': 'PID',
  'gpus.col_User': 'User',
  'gpus.col_Where': 'Where',
  'gpus.col_WhereHint': 'Container, job, service or session',
  'gpus.col_Since': 'Since',
  'gpus.col_Memory': 'GPU mem',
  'gpus.col_MemoryHint': 'Memory of the card that the process uses',
  'gpus.col_Sm': 'SM %',
  'gpus.col_SmHint': 'Share of time in which something of it ran on the card',
  'gpus.col_MemoryShare': 'MEM %',
  'gpus.col_MemoryShareHint': 'Share of time in which its memory on the card was read or written',
  'gpus.col_Encoder': 'ENC %',
  'gpus.col_EncoderHint': 'Share of the video encoder',
  'gpus.col_Decoder': 'DEC %',
  'gpus.col_DecoderHint': 'Share of the video decoder',
  'gpus.col_Kind': 'Kind',
  'gpus.col_KindHint': 'What it does on the card',
  'gpus.col_Cpu': 'CPU %',
  'gpus.col_CpuHint': 'Share of one logical processor; above 100 on several',
  'gpus.col_Resident': 'RES',
  'gpus.col_ResidentHint': 'Memory of the machine that it holds now',
  'gpus.col_Command': 'Command',
  'gpus.kind_compute': 'computes',
  'gpus.kind_graphics': 'draws',
  'gpus.kind_mps': 'computes (MPS)',
} as const;

export const gpuProcesses = addTexts(texts, async () => (await import('../zh/gpu-processes')).gpuProcesses);

import { readFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';

/** One system call of a traced process. */
export interface SystemCall {
  readonly name: string;
  /** Path or socket that its file descriptor stands for. */
  readonly target: string;
  /** What a write wrote (its first 16 KiB). */
  readonly bytes: Buffer;
  /** Line of the trace where it began. */
  readonly begin: number;
  /** Line where it returned. */
  readonly end: number;
  /** True when the tracer answered in the kernel's place, so that nothing happened. */
  readonly injected: boolean;
  readonly result: number;
}

/** Whether strace is installed and may trace. */
export function hasStrace(): boolean {
  return spawnSync('strace', ['-V'], { stdio: 'ignore' }).status === 0;
}

/**
 * Command that traces writes and syncs of what follows it into a file. The tracer is a grandchild, so the process that
 * is started is the traced one. With `noSync` fsync and fdatasync report success and do nothing.
 */
export function straceCommand(file: string, options: { readonly noSync: boolean }): readonly string[] {
  const calls = 'fsync,fdatasync,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg';
  const injection = options.noSync ? ['-e', 'inject=fsync,fdatasync:retval=0'] : [];
  return ['strace', '-D', '-f', '-q', '-yy', '-xx', '-s', '16384', '-o', file, '-e', `trace=${calls}`, ...injection];
}

/** Reads a trace that `straceCommand` wrote. */
export async function readSystemCalls(file: string): Promise<readonly SystemCall[]> {
  const lines = (await readFile(file, 'latin1')).split('\n');
  const unfinished = new Map<string, { readonly text: string; readonly begin: number }>();
  const calls: SystemCall[] = [];
  for (const [index, line] of lines.entries()) {
    const match = /^(\d+)\s+(.*)$/.exec(line);
    if (match === null) continue;
    const [, thread = '', text = ''] = match;
    if (text.endsWith('<unfinished ...>')) {
      unfinished.set(thread, { text: text.slice(0, -'<unfinished ...>'.length), begin: index });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(text);
    const start = resumed === null ? { text: '', begin: index } : unfinished.get(thread);
    if (start === undefined) continue;
    const call = parseCall(start.text + (resumed?.[1] ?? text), { begin: start.begin, end: index });
    if (call !== null) calls.push(call);
  }
  return calls;
}

function parseCall(text: string, span: { readonly begin: number; readonly end: number }): SystemCall | null {
  const match = /^(\w+)\(\d+<([^>]*(?:->[^>]*)?)>(.*)\)\s+= (-?\d+)(.*)$/.exec(text);
  if (match === null) return null;
  const [, name = '', target = '', rest = '', result = '', remark = ''] = match;
  return {
    name,
    target: target.includes('\\x') ? unescapeHex(target).toString('utf8') : target,
    bytes: Buffer.concat([...rest.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = '']) => unescapeHex(hex))),
    ...span,
    injected: remark.includes('(INJECTED)'),
    result: Number.parseInt(result, 10),
  };
}

function unescapeHex(text: string): Buffer {
  return Buffer.from(text.replaceAll('\\x', ''), 'hex');
}

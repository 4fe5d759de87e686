import { WebSocket } from 'ws';
import * as encoding from 'lib0/encoding';
import * as decoding from 'lib0/decoding';
import { readFileSync } from 'node:fs';
const base = process.argv[2]!; const pid = process.argv[3]!; const docs = 200, secs = 10, rate = 5; const stock = process.argv[4] === 'stock';
const token = stock ? 'x' : (await (await fetch('http://' + base + '/v1/dev/sign-in', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: 'Ada' }) })).json()).token;
const lat: number[] = [], ack: number[] = [];
function client(doc: string, id: number) {
  const ws = new WebSocket(stock ? 'ws://' + base : 'ws://' + base + '/collab'); let clock = 0; const sent: number[] = []; const times = new Map<number, number>();
  const send = (f: (e: encoding.Encoder) => void) => { const e = encoding.createEncoder(); encoding.writeVarString(e, doc); f(e); ws.send(encoding.toUint8Array(e)); };
  const ready = new Promise<void>((res) => {
    ws.on('open', () => {
      send((e) => { encoding.writeVarUint(e, 2); encoding.writeVarUint(e, 0); encoding.writeVarString(e, token); });
      send((e) => { encoding.writeVarUint(e, 0); encoding.writeVarUint(e, 0); encoding.writeVarUint8Array(e, Uint8Array.of(0)); });
    });
    ws.on('message', (d: Buffer) => {
      const dec = decoding.createDecoder(d); decoding.readVarString(dec); const t = decoding.readVarUint(dec);
      if (t === 8) { const s = sent.shift(); if (s) ack.push(performance.now() - s); return; }
      if (t !== 0) return; const st = decoding.readVarUint(dec);
      if (st === 0) { send((e) => { encoding.writeVarUint(e, 0); encoding.writeVarUint(e, 1); encoding.writeVarUint8Array(e, Uint8Array.of(0, 0)); }); sent.push(0); res(); }
      if (st === 2) { const u = decoding.readVarUint8Array(dec); }
    });
  });
  const edit = () => {
    const e = encoding.createEncoder(); encoding.writeVarUint(e, 1); encoding.writeVarUint(e, 1); encoding.writeVarUint(e, id); encoding.writeVarUint(e, clock);
    if (clock === 0) { encoding.writeUint8(e, 4); encoding.writeVarUint(e, 1); encoding.writeVarString(e, 't'); } else { encoding.writeUint8(e, 0x84); encoding.writeVarUint(e, id); encoding.writeVarUint(e, clock - 1); }
    encoding.writeVarString(e, 'x'); encoding.writeVarUint(e, 0); clock += 1;
    const u = encoding.toUint8Array(e); sent.push(performance.now());
    send((e2) => { encoding.writeVarUint(e2, 0); encoding.writeVarUint(e2, 2); encoding.writeVarUint8Array(e2, u); });
  };
  return { ready, edit, ws };
}
const clients = Array.from({ length: docs * 2 }, (_, i) => client('d' + (i >> 1), (Date.now() % 1000000) * 1000 + i));
await Promise.all(clients.map((c) => c.ready)); await new Promise((r) => setTimeout(r, 500)); ack.length = 0;
const cpu = () => { const f = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' '); return (Number(f[11]) + Number(f[12])) * 10; };
const c0 = cpu(), l0 = process.cpuUsage(); let n = 0; const t0 = performance.now();
let i = 0; const total = docs * 2 * rate * secs;
await new Promise<void>((res) => { const t = setInterval(() => { const due = Math.min(total, Math.floor((performance.now() - t0) / 1000 * docs * 2 * rate)); while (n < due) { clients[(i++ * 173) % clients.length]!.edit(); n++; } if (n >= total) { clearInterval(t); res(); } }, 5); });
await new Promise((r) => setTimeout(r, 500)); const c1 = cpu(), l1 = process.cpuUsage(l0);
ack.sort((a, b) => a - b); const q = (p: number) => ack[Math.floor(ack.length * p)]?.toFixed(1);
console.log({ edits: n, acks: ack.length, cpuPerEditUs: ((c1 - c0) * 1000 / n).toFixed(0), ackP50: q(.5), p95: q(.95), p99: q(.99), loadgenCpuMs: ((l1.user + l1.system) / 1000).toFixed(0), rss: readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)![1] });
process.exit(0);

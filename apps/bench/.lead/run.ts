import { spawn, execFileSync } from 'node:child_process'
const modes = process.argv[2]!.split(','); const rounds = Number(process.argv[3] ?? 5); const secs = process.argv[4] ?? '2'
const servers = await Promise.all(modes.map((mode) => new Promise<any>((res) => { const p = spawn('taskset', ['-c', '0', process.execPath, '--conditions=@latchkey/source', new URL('server.ts', import.meta.url).pathname, mode], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: { ...process.env, NODE_ENV: 'production' } }); p.on('message', (m: any) => res({ p, mode, ...m })) })))
const results: Record<string, number[]> = {}
const cpu = (s: any) => new Promise<number>((r) => { s.p.once('message', (m: any) => r(m.cpu.user + m.cpu.system)); s.p.send('cpu') })
const costs: Record<string, number[]> = {}
const wrk = (s: any, t: string) => { const out = execFileSync('taskset', ['-c', '1', 'wrk', '-t1', '-c32', `-d${t}s`, '-H', `Authorization: Bearer ${s.secret}`, `http://127.0.0.1:${s.port}/c`]).toString(); return Number(/Requests\/sec:\s+([\d.]+)/.exec(out)![1]) }
for (const s of servers) wrk(s, '2')
for (let i = 0; i < rounds; i++) for (const s of servers) { const before = await cpu(s); const rate = wrk(s, secs); const used = await cpu(s) - before; (results[s.mode] ??= []).push(rate); (costs[s.mode] ??= []).push(used / (rate * Number(secs))) }
const med = (v: number[]) => v.toSorted((a, b) => a - b)[v.length >> 1]!
const ratios = (m: string) => results[m]!.map((v, i) => v / results[modes[0]!]![i]!)
for (const m of modes) console.log('cpu µs/req', med(costs[m]!).toFixed(2), 'ratio', (med(costs[modes[0]!]!) / med(costs[m]!)).toFixed(3), m.padEnd(8), Math.round(med(results[m]!)), (med(results[m]!) / med(results[modes[0]!]!)).toFixed(3), 'median of ratios', med(ratios(m)).toFixed(3), ratios(m).map((r) => r.toFixed(2)).join(' '))
for (const s of servers) s.p.kill()

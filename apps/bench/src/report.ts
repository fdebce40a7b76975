import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { goals } from './goals.ts'
import type { HttpFigure } from './race.ts'
import { barPlot, histogram, linePlot } from './plot.ts'
import { PART_NAMES, type Figures } from './parts.ts'
import type { PartRecord, PartRecords } from './record.ts'
import type { Spread } from './statistics.ts'

const docs = fileURLToPath(new URL('../../../docs/', import.meta.url))

/** Writes docs/benchmarks.md and its plots from what was measured. */
export async function writeReport(records: PartRecords): Promise<void> {
  const figures = Object.fromEntries(
    Object.entries(records).map(([name, { figures }]) => [name, figures]),
  ) as Partial<Figures>
  const sections = [
    introduction(figures),
    http(figures),
    peers(figures),
    verdict(figures),
    unknownKeys(figures),
    flood(figures),
    cold(figures),
    revocation(figures),
    growth(figures),
    memory(figures),
    management(figures),
    startUp(figures),
    method(records),
  ]
  const file = join(docs, 'benchmarks.md')
  const options = await resolveConfig(file)
  const text = sections.filter((section) => section !== '').join('\n\n')
  writeFileSync(file, await format(text, { ...options, filepath: file }))
}

function introduction(figures: Partial<Figures>): string {
  return `<!-- Written by \`npm run bench\`. What is changed by hand here is gone after the next run. -->

# Benchmarks

Every figure on this page comes from \`npm run bench\`, which anyone can run on a Linux machine with
[wrk](https://github.com/wg/wrk). Ratios are what to look at: both sides of one are measured in turns, in the same
minutes, on the same machine. The raw figures lie beside this page in \`docs/benchmarks/*.json\`.
[performance.md](performance.md) says where the time goes, and why a goal is not met.

| figure | goal | measured | met |
| --- | --- | --- | --- |
${goals(figures)
  .map(({ figure, goal, told, isMet }) => `| ${figure} | ${goal} | ${told} | ${isMet ? 'yes' : '**no**'} |`)
  .join('\n')}`
}

function http({ http }: Partial<Figures>): string {
  if (http === undefined) return ''
  const script =
    http.scriptRatio === null
      ? ''
      : ` The script that picks the keys is paid by all: without authentication it leaves ${percent(http.scriptRatio)} of the rate of a fixed request.`
  return `## Requests per second

One route, \`GET /v1/contacts\`, with a reply of about 80 bytes, so that authentication weighs as much as it can;
${http.connections} connections; one core for the server. "Computing" is the time of the server's whole process, without
waiting for a core. One hot key:

${ratesTable(Object.values(http.hotKey))}

- **Latchkey** with everything on judges two limits, a scope, expiry and state, and counts the request.
- **The hand-written hook** is SHA-256, a Map and an expiry, with no database, no limits and no revocation.

The same over ${whole(http.keys)} keys, asked for by Zipf's law. Counts of all of them go to the database every ten
seconds, and each key is read again about once a minute.${script}

${ratesTable(Object.values(http.zipf))}`
}

function peers({ peers }: Partial<Figures>): string {
  if (peers === undefined) return ''
  const rows = Object.values(peers).toSorted(byRate)
  plot(
    'requests-per-second',
    barPlot(
      'Requests per second, one hot key',
      rows.map((figure) => ({
        label: figure.label,
        value: figure.requestsPerSecond.median,
        text: whole(figure.requestsPerSecond.median),
        isOurs: figure.label.startsWith('Latchkey'),
      })),
    ),
  )
  return `## Beside what else there is

The same route with one hot key.

![Requests per second, one hot key](benchmarks/requests-per-second.svg)

${ratesTable(rows)}

- **@fastify/bearer-auth** compares with one key of its list after the other, each in constant time, until one fits. The
  key that is asked for is in the middle of the list.
- **fastify-api-key** checks a signature over the request. It was written for Fastify 3.
- **better-auth** defers its updates (\`deferUpdates\`). "Memory before Postgres" is its secondary storage with
  \`fallbackToDatabase\`; "memory alone" keeps keys in nothing but the secondary storage. Its documentation puts Redis there;
  here it is a Map in the same process, which is faster than any Redis, and forgets every key when the process ends.`
}

function ratesTable(figures: readonly HttpFigure[]): string {
  return `| protected by | requests/s | ÷ none | quartiles of ÷ none | computing per request | p99 |
| --- | --: | --: | --: | --: | --: |
${figures
  .toSorted(byRate)
  .map(
    ({ label, requestsPerSecond, ratio, cpuMicroseconds, p99 }) =>
      `| ${label} | ${whole(requestsPerSecond.median)} | ${share(ratio.median)} | ${quartiles(ratio, share)} | ${cpuMicroseconds.toFixed(1)} µs | ${p99.toFixed(2)} ms |`,
  )
  .join('\n')}`
}

function verdict({ verdict }: Partial<Figures>): string {
  if (verdict === undefined) return ''
  const { verdictNs, bareNs, ratio, keys, callsPerRound, rounds } = verdict
  return `## One verdict from memory

| | median | quartiles |
| --- | --: | --: |
| \`verify\`: key, scope, two limits, metering | ${verdictNs.median.toFixed(0)} ns | ${quartiles(verdictNs, whole)} |
| one SHA-256 and one look-up in a Map | ${bareNs.median.toFixed(0)} ns | ${quartiles(bareNs, whole)} |
| ratio | ${ratio.median.toFixed(2)} | ${quartiles(ratio, (value) => value.toFixed(2))} |

${whole(keys)} keys in turn, ${rounds} rounds of ${whole(callsPerRound)} calls on one core, without HTTP.`
}

function unknownKeys({ 'unknown-keys': unknown }: Partial<Figures>): string {
  if (unknown === undefined) return ''
  const { refusalsPerSecond, sameReplyPerSecond, ratio, cpuRatio, requests, scansOfKeys, status } = unknown
  return `## Keys with a wrong checksum

A mistyped or invented key whose checksum does not fit is refused without the database: in ${whole(requests)} such requests
Postgres looked into the table of keys ${scansOfKeys === 0 ? 'not once' : `${scansOfKeys} times`} (\`pg_stat_user_tables\`).

| | requests/s | quartiles |
| --- | --: | --: |
| Latchkey refuses (${status}) | ${whole(refusalsPerSecond.median)} | ${quartiles(refusalsPerSecond, whole)} |
| a route without authentication that gives the same reply | ${whole(sameReplyPerSecond.median)} | ${quartiles(sameReplyPerSecond, whole)} |
| ratio | ${share(ratio.median)} | ${quartiles(ratio, share)} |
| the same by computing time | ${share(cpuRatio.median)} | ${quartiles(cpuRatio, share)} |

All requests come from one address, which after a hundred wrong keys is told to wait.`
}

function flood({ flood }: Partial<Figures>): string {
  if (flood === undefined) return ''
  const { floodPerSecond, floodRequests, quietP99, floodP99, ratio, rounds } = flood
  return `## A flood of invented keys

Well-formed keys with a right checksum that do not exist, ${whole(floodRequests)} in all at about
${whole(floodPerSecond.median)} a second, while a caller behind the same address uses a good key. ${rounds} rounds with and
without.

| valid key | p99 | quartiles |
| --- | --: | --: |
| without a flood | ${ms(quietP99.median)} | ${quartiles(quietP99, ms)} |
| during the flood | ${ms(floodP99.median)} | ${quartiles(floodP99, ms)} |
| ratio | ${ratio.median.toFixed(2)} | ${quartiles(ratio, (value) => value.toFixed(2))} |`
}

function cold({ cold }: Partial<Figures>): string {
  if (cold === undefined) return ''
  const { verdictsPerSecond, queriesPerSecond, ratio, concurrency, keysPerRound, rounds } = cold
  return `## Keys that are not in memory

| | per second | quartiles |
| --- | --: | --: |
| verdicts that ask the database | ${whole(verdictsPerSecond.median)} | ${quartiles(verdictsPerSecond, whole)} |
| \`select * from latchkey.keys where hash = $1\` | ${whole(queriesPerSecond.median)} | ${quartiles(queriesPerSecond, whole)} |
| ratio | ${share(ratio.median)} | ${quartiles(ratio, share)} |

Both through postgres.js, prepared, ${concurrency} under way at once, ${rounds} rounds of ${whole(keysPerRound)} different keys.`
}

function revocation({ revocation }: Partial<Figures>): string {
  if (revocation === undefined) return ''
  const { fromRequestMs, trials, processes, p50, p99, p99FromReply, confirmed } = revocation
  plot(
    'revocation',
    histogram(
      'From the request to revoke to the last request let through, on other processes',
      fromRequestMs,
      {
        unit: 'ms',
        goal: 100,
      },
    ),
  )
  return `## Revocation

${trials} keys, each in use without a pause on ${processes - 1} processes while a third one is told to delete it.

![From the request to revoke to the last request let through](benchmarks/revocation.svg)

From the request to delete until the last request that was let through anywhere: median ${ms(p50)}, p99 ${ms(p99)}. From its reply:
p99 ${ms(p99FromReply)}; ${p99FromReply <= 0 ? 'when the caller hears "done", the key is dead everywhere' : 'a negative figure would say that no process let anything through after the reply'}.
The reply named every process as confirmed in ${confirmed} of ${trials} trials.`
}

function growth({ growth }: Partial<Figures>): string {
  if (growth === undefined) return ''
  const { sizes } = growth
  const names = sizes.map(({ keys }) => `${whole(keys)} keys`)
  plot(
    'growth',
    linePlot(
      'p99 as the keys of one owner grow in number',
      names,
      [
        { label: 'cold verdict', values: sizes.map(({ coldP99 }) => coldP99.median) },
        ...Object.keys(sizes[0]!.pages).map((sort) => ({
          label: `deep page by ${sort}`,
          values: sizes.map(({ pages }) => pages[sort]!.deepPageP99),
        })),
      ],
      'ms',
    ),
  )
  const relations = Object.keys(sizes.at(-1)!.bytesPerKeyByRelation)
  return `## Growth

All keys belong to one owner. They are loaded with COPY into the tables as they are, with every index in place; one in ten
is revoked, expired or disabled. Ids of owners and people have 32 characters, names 20.

![p99 as the keys of one owner grow in number](benchmarks/growth.svg)

| | ${names.join(' | ')} |
| --- | ${names.map(() => '--:').join(' | ')} |
| cold verdict, median | ${sizes.map(({ coldP50 }) => ms(coldP50.median)).join(' | ')} |
| cold verdict, p99 | ${sizes.map(({ coldP99 }) => ms(coldP99.median)).join(' | ')} |
| ÷ ${names[0]} | ${sizes.map(({ coldP99Ratio }) => coldP99Ratio.median.toFixed(2)).join(' | ')} |
${Object.keys(sizes[0]!.pages)
  .flatMap((sort) => [
    `| page 1 by \`${sort}\`, median / p99 | ${sizes.map(({ pages }) => `${ms(pages[sort]!.firstPageP50)} / ${ms(pages[sort]!.firstPageP99)}`).join(' | ')} |`,
    `| page 10,000 (or the last) by \`${sort}\`, median / p99 | ${sizes.map(({ pages }) => `${ms(pages[sort]!.deepPageP50)} / ${ms(pages[sort]!.deepPageP99)}`).join(' | ')} |`,
  ])
  .join('\n')}
| bytes per key | ${sizes.map(({ bytesPerKey }) => bytesPerKey.toFixed(0)).join(' | ')} |
${relations
  .map(
    (relation) =>
      `| of which \`${relation}\` | ${sizes.map(({ bytesPerKeyByRelation }) => bytesPerKeyByRelation[relation]!.toFixed(0)).join(' | ')} |`,
  )
  .join('\n')}
| loaded in | ${sizes.map(({ loadSeconds }) => `${loadSeconds.toFixed(0)} s`).join(' | ')} |

A page has 50 active live keys. Both kinds of figures are taken from the engine, one call after another, the sizes in
turns.`
}

function memory({ memory }: Partial<Figures>): string {
  if (memory === undefined) return ''
  return `## Memory

| key in memory | heap |
| --- | --: |
| without limits | ${memory.plain.bytesPerKey.toFixed(0)} bytes |
| with two limits, of which units were taken | ${memory.withLimits.bytesPerKey.toFixed(0)} bytes |

Used heap and external memory after a full collection, with ${whole(memory.plain.cached)} more keys in memory than before.`
}

function management({ management }: Partial<Figures>): string {
  if (management === undefined) return ''
  const { results, connections, createsPerRound, rounds, pageSize } = management
  return `## Creating and listing

| | creates/s | quartiles | pages/s | quartiles |
| --- | --: | --: | --: | --: |
${Object.values(results)
  .map(
    ({ label, createsPerSecond, listsPerSecond }) =>
      `| ${label} | ${whole(createsPerSecond.median)} | ${quartiles(createsPerSecond, whole)} | ${whole(listsPerSecond.median)} | ${quartiles(listsPerSecond, whole)} |`,
  )
  .join('\n')}

Over HTTP, ${connections} connections, ${rounds} rounds of ${createsPerRound} creates for one owner, then pages of ${pageSize} of that owner's keys.`
}

function startUp({ 'start-up': startUp }: Partial<Figures>): string {
  if (startUp === undefined) return ''
  return `## Start-up

From the start of the process until the server listens.

| | median | quartiles |
| --- | --: | --: |
${Object.entries(startUp)
  .map(([what, time]) => `| ${what} | ${whole(time.median)} ms | ${quartiles(time, whole)} |`)
  .join('\n')}`
}

function method(records: PartRecords): string {
  const taken = PART_NAMES.flatMap((name) => {
    const record = records[name]
    return record === undefined ? [] : [[name, record] as const]
  })
  const newest = taken.map(([, record]) => record).toSorted((a, b) => b.takenAt.localeCompare(a.takenAt))[0]
  if (newest === undefined) return ''
  const { machine, versions } = newest
  return `## How it is measured

- What is measured has a core to itself. wrk, Postgres and the benchmark share the others (\`taskset\`).
- Contenders take turns, each round beginning with another; ratios are made round by round, and what is told is their
  median and, as spread, their quartiles. Two processes of one program differ by up to a fifth for as long as they live,
  so those that serve requests are started anew for every few rounds. Each server is warmed up first, and was seen to
  answer 200 with its key and 401 without one.
- All contenders run in the same Fastify and the same Node with \`NODE_ENV=production\`, without logging.
- Postgres is a real server, started for the run: no fsync, \`shared_buffers\` 4 GB, otherwise its defaults.

| machine | |
| --- | --- |
| processor | ${machine.cpu}, ${machine.cores} cores |
| memory | ${machine.memoryGiB} GiB |
| system | ${machine.kernel} |
| Node | ${machine.node} |
| load by | ${machine.wrk} |
${Object.entries(versions)
  .map(([name, version]) => `| ${name} | ${version} |`)
  .join('\n')}

The load average says how calm the machine was; the load of the benchmark itself is in it, about two.

| part | taken at (UTC) | commit | load average, begin and end |
| --- | --- | --- | --- |
${taken.map(([name, record]) => takenRow(name, record)).join('\n')}`
}

function takenRow(name: string, { takenAt, commit, machine }: PartRecord): string {
  return `| ${name} | ${takenAt.slice(0, 16).replace('T', ' ')} | ${commit} | ${machine.load.join(', ')} |`
}

function plot(name: string, svg: string): void {
  writeFileSync(join(docs, 'benchmarks', `${name}.svg`), svg)
}

function byRate(a: HttpFigure, b: HttpFigure): number {
  return b.requestsPerSecond.median - a.requestsPerSecond.median
}

function quartiles({ lowerQuartile, upperQuartile }: Spread, tell: (value: number) => string): string {
  return `${tell(lowerQuartile)} to ${tell(upperQuartile)}`
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en')
}

function share(value: number): string {
  return value.toFixed(3)
}

function percent(value: number): string {
  return `${(value * 100).toFixed(0)} %`
}

function ms(value: number): string {
  return `${value.toFixed(Math.abs(value) < 10 ? 2 : 1)} ms`
}

/**
 * Plots as SVG, light or dark as the reader's system is, on a ground of their own, so that they are readable on any page.
 */

/** One bar of {@link barPlot}. */
export interface Bar {
  label: string
  value: number
  /** What is written at its end. */
  text: string
  isOurs?: boolean
}

/** One line of {@link linePlot}; its points are at the plot's positions, in order. */
export interface Line {
  label: string
  values: readonly number[]
}

const WIDTH = 720
const STYLE = `<style>
    .page { fill: #ffffff }
    text { font: 13px system-ui, sans-serif; fill: #1f2328 }
    .title { font-weight: 600; font-size: 15px }
    .quiet { fill: #59636e }
    .axis { stroke: #d1d9e0; stroke-width: 1 }
    .goal { stroke: #bc4c00; stroke-width: 1.5; stroke-dasharray: 5 4 }
    .bar { fill: #8c959f }
    .ours { fill: #0969da }
    .line0, .line1, .line2 { fill: none; stroke-width: 2 }
    .line0 { stroke: #0969da } .line1 { stroke: #1a7f37 } .line2 { stroke: #8250df }
    .dot0 { fill: #0969da } .dot1 { fill: #1a7f37 } .dot2 { fill: #8250df }
    @media (prefers-color-scheme: dark) {
      .page { fill: #0d1117 }
      text { fill: #e6edf3 }
      .quiet { fill: #9198a1 }
      .axis { stroke: #3d444d }
      .goal { stroke: #f0883e }
      .bar { fill: #656c76 }
      .ours { fill: #4493f8 }
      .line0 { stroke: #4493f8 } .line1 { stroke: #3fb950 } .line2 { stroke: #ab7df8 }
      .dot0 { fill: #4493f8 } .dot1 { fill: #3fb950 } .dot2 { fill: #ab7df8 }
    }
  </style>`

/** Bars from left to right, one a row. */
export function barPlot(title: string, bars: readonly Bar[]): string {
  const [left, right, rowHeight, top] = [340, 90, 28, 44]
  const max = Math.max(...bars.map(({ value }) => value))
  const rows = bars.map(({ label, value, text, isOurs }, i) => {
    const y = top + i * rowHeight
    const width = Math.max(1, ((WIDTH - left - right) * value) / max)
    return `<text x="${left - 10}" y="${y + 15}" text-anchor="end">${escape(label)}</text>
  <rect class="${isOurs ? 'ours' : 'bar'}" x="${left}" y="${y}" width="${at(width)}" height="20" rx="2"/>
  <text class="quiet" x="${at(left + width + 8)}" y="${y + 15}">${escape(text)}</text>`
  })
  return document(title, top + bars.length * rowHeight + 10, rows)
}

/** How often values fall into steps of equal width, with a line at a goal if that is in sight. */
export function histogram(
  title: string,
  values: readonly number[],
  { unit, goal }: { unit: string; goal: number },
): string {
  const [left, top, height, steps] = [50, 50, 200, 40]
  const low = Math.min(0, Math.floor(Math.min(...values)))
  const step = niceStep((Math.max(...values) - low) / steps)
  const counts = new Array<number>(Math.floor((Math.max(...values) - low) / step) + 1).fill(0)
  for (const value of values) counts[Math.floor((value - low) / step)]!++
  const most = Math.max(...counts)
  const perStep = (WIDTH - left - 30) / counts.length
  const rows = counts.map((count, i) => {
    const barHeight = (height * count) / most
    return `<rect class="ours" x="${at(left + i * perStep)}" y="${at(top + height - barHeight)}" width="${at(Math.max(1, perStep - 1))}" height="${at(barHeight)}"/>`
  })
  const position = (value: number) => left + ((value - low) / step) * perStep
  const end = low + counts.length * step
  const ticks = multiples(niceStep((end - low) / 8), low, end)
  rows.push(
    `<line class="axis" x1="${left}" y1="${top + height}" x2="${WIDTH - 30}" y2="${top + height}"/>`,
    `<text class="quiet" x="${left - 8}" y="${top + 10}" text-anchor="end">${most}</text>`,
    ...ticks.map(
      (tick) =>
        `<text class="quiet" x="${at(position(tick))}" y="${top + height + 20}" text-anchor="middle">${short(tick)} ${unit}</text>`,
    ),
  )
  if (goal < end) {
    rows.push(
      `<line class="goal" x1="${at(position(goal))}" y1="${top}" x2="${at(position(goal))}" y2="${top + height}"/>`,
    )
  }
  return document(title, top + height + 36, rows)
}

/** Lines over named positions, from zero up. */
export function linePlot(
  title: string,
  positions: readonly string[],
  lines: readonly Line[],
  unit: string,
): string {
  const [left, right, top, height] = [70, 250, 50, 220]
  const gridStep = niceStep(Math.max(...lines.flatMap(({ values }) => values)) / 4)
  const max = gridStep * 5
  const x = (i: number) => left + ((WIDTH - left - right) * i) / Math.max(1, positions.length - 1)
  const y = (value: number) => top + height - (height * value) / max
  const grid = multiples(gridStep, 0, max).map((value) => {
    return `<line class="axis" x1="${left}" y1="${at(y(value))}" x2="${WIDTH - right}" y2="${at(y(value))}"/>
  <text class="quiet" x="${left - 8}" y="${at(y(value) + 4)}" text-anchor="end">${short(value)} ${unit}</text>`
  })
  const names = positions.map(
    (name, i) =>
      `<text class="quiet" x="${at(x(i))}" y="${top + height + 22}" text-anchor="middle">${escape(name)}</text>`,
  )
  const curves = lines.map(({ label, values }, i) => {
    const points = values.map((value, j) => `${at(x(j))},${at(y(value))}`)
    const dots = points.map((point) => {
      const [cx, cy] = point.split(',')
      return `<circle class="dot${i}" cx="${cx}" cy="${cy}" r="4"/>`
    })
    const labelY = top + 12 + i * 24
    return `<polyline class="line${i}" points="${points.join(' ')}"/>
  ${dots.join('\n  ')}
  <circle class="dot${i}" cx="${WIDTH - right + 30}" cy="${labelY - 4}" r="4"/>
  <text x="${WIDTH - right + 42}" y="${labelY}">${escape(label)}</text>`
  })
  return document(title, top + height + 36, [...grid, ...names, ...curves])
}

function document(title: string, height: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(title)}">
  ${STYLE}
  <rect class="page" width="${WIDTH}" height="${height}" rx="8"/>
  <text class="title" x="16" y="24">${escape(title)}</text>
  ${parts.join('\n  ')}
</svg>
`
}

/** 1, 2 or 5 times a power of ten. */
function niceStep(width: number): number {
  const power = 10 ** Math.floor(Math.log10(width))
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= width)!
}

/** All multiples of a step within a range. */
function multiples(step: number, from: number, to: number): number[] {
  const first = Math.ceil(from / step)
  const last = Math.floor(to / step + 1e-9)
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step)
}

function at(value: number): string {
  return String(Math.round(value * 10) / 10)
}

function short(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 2 })
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

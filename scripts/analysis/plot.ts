/** Results per block by epoch as SVG, one panel a scenario, on a logarithmic scale. */
import type { EpochFigures } from './churn.ts'

export interface Panel {
  readonly title: string
  readonly figures: readonly EpochFigures[]
}

export interface Marks {
  readonly targetPerBlock: number
  readonly maxPerBlock: number
}

const WIDTH = 1_000
const PANEL_HEIGHT = 90
const GAP = 34
const LEFT = 44
const RIGHT = 16
/** Results per block at the foot of a panel; an epoch without any lies there too. */
const LEAST = 0.01

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

function panelSvg({ title, figures }: Panel, top: number, { targetPerBlock, maxPerBlock }: Marks): string {
  const span = Math.log(maxPerBlock / LEAST)
  const yOf = (results: number): number =>
    Math.round(top + PANEL_HEIGHT * (1 - Math.log(Math.max(results, LEAST) / LEAST) / span))
  const right = LEFT + WIDTH
  const line = (results: number, style: string): string =>
    `<path d="M${LEFT} ${yOf(results)}H${right}" class="${style}"/>` +
    `<text x="${LEFT - 6}" y="${yOf(results) + 4}" class="tick">${results}</text>`
  const step = WIDTH / figures.length
  let y = yOf(figures[0]?.resultsPerBlock ?? 0)
  let path = `M${LEFT} ${y}`
  for (const { resultsPerBlock } of figures.slice(1)) {
    const next = yOf(resultsPerBlock)
    path += `l${Number(step.toFixed(3))} ${next - y}`
    y = next
  }
  return [
    `<text x="${LEFT}" y="${top - 8}">${escaped(title)}</text>`,
    line(LEAST, 'grid'),
    line(maxPerBlock, 'grid'),
    line(targetPerBlock, 'target'),
    `<path d="${path}" class="results"/>`,
  ].join('\n')
}

export function plotSvg(panels: readonly Panel[], marks: Marks): string {
  const height = panels.length * (PANEL_HEIGHT + GAP) + GAP
  const style =
    'text{font:13px sans-serif;fill:#333}.tick{font-size:10px;text-anchor:end}path{fill:none}' +
    '.grid{stroke:#ddd}.target{stroke:#c33;stroke-dasharray:4 3}.results{stroke:#247;stroke-linejoin:round}'
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LEFT + WIDTH + RIGHT} ${height}">`,
    '<title>Results per block by epoch</title>',
    `<style>${style}</style><rect width="100%" height="100%" fill="#fff"/>`,
    ...panels.map((panel, i) => panelSvg(panel, GAP + i * (PANEL_HEIGHT + GAP), marks)),
    '</svg>',
    '',
  ].join('\n')
}

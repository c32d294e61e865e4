/** A plain chart as SVG: lines and dots over two linear axes, or a logarithmic one upwards. */

export interface Series {
  readonly name: string
  readonly mark: 'line' | 'dots' | 'dashes'
  readonly points: readonly (readonly [x: number, y: number])[]
}

export interface Chart {
  readonly title: string
  readonly x: string
  readonly y: string
  readonly series: readonly Series[]
  /** Powers of ten upwards; what is not above 0 is left out. */
  readonly isLogarithmic?: boolean
  /** Both axes from 0 to 1. */
  readonly isUnit?: boolean
}

const WIDTH = 640
const HEIGHT = 400
const LEFT = 72
const RIGHT = 24
const TOP = 62
/** Of a letter in the legend, on average. */
const LETTER = 7
const BOTTOM = 56
const TICKS = 5
/** Apart in grey too. */
const COLOURS = ['#1b5e9c', '#c4571b', '#3c8d40', '#7a3d99', '#555555'] as const

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
const pixel = (value: number): string => String(Math.round(value * 10) / 10)

/** Up to three digits that matter, and thousands as the SI has them. */
function label(value: number): string {
  if (value === 0) return '0'
  const units = ['', 'k', 'M', 'G', 'T', 'P', 'E']
  const power = Math.max(0, Math.min(units.length - 1, Math.floor(Math.log10(Math.abs(value)) / 3)))
  return `${Number((value / 1_000 ** power).toPrecision(3))}${units[power]!}`
}

interface Axis {
  readonly ticks: readonly number[]
  /** 0 at the beginning, 1 at the end. */
  at(value: number): number
}

/** Steps of 1, 2 or 5 times a power of ten, from 0 where it is not far. */
function linear(values: readonly number[]): Axis {
  const high = Math.max(...values)
  const least = Math.min(...values)
  const low = least > 0 && least < high / 2 ? 0 : least
  const rough = (high - low) / TICKS || Math.abs(high) || 1
  const magnitude = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((size) => size >= rough * 0.999)!
  const first = Math.floor(low / step)
  const last = Math.max(first + 1, Math.ceil(high / step))
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step)
  return { ticks, at: (value) => (value - first * step) / ((last - first) * step) }
}

function logarithmic(values: readonly number[]): Axis {
  const low = Math.floor(Math.log10(Math.min(...values)))
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))))
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i))
  return { ticks, at: (value) => (Math.log10(value) - low) / (high - low) }
}

const UNIT: Axis = { ticks: [0, 0.2, 0.4, 0.6, 0.8, 1], at: (value) => value }

function panel({ title, x, y, series, isLogarithmic = false, isUnit = false }: Chart): string[] {
  const drawn = series.map((each) => ({
    ...each,
    points: each.points.filter(([, up]) => Number.isFinite(up) && (!isLogarithmic || up > 0)),
  }))
  const all = drawn.flatMap(({ points }) => points)
  const seen = all.length === 0 ? ([[0, 1]] as const) : all
  const across = isUnit ? UNIT : linear(seen.map(([value]) => value))
  const upValues = seen.map(([, value]) => value)
  const up = isUnit ? UNIT : isLogarithmic ? logarithmic(upValues) : linear(upValues)
  const xOf = (value: number): number => LEFT + across.at(value) * (WIDTH - LEFT - RIGHT)
  const yOf = (value: number): number => HEIGHT - BOTTOM - up.at(value) * (HEIGHT - TOP - BOTTOM)

  const grid = [
    ...up.ticks.map(
      (tick) =>
        `<path d="M${LEFT} ${pixel(yOf(tick))}H${WIDTH - RIGHT}" class="grid"/>` +
        `<text x="${LEFT - 8}" y="${pixel(yOf(tick) + 4)}" class="tick end">${label(tick)}</text>`,
    ),
    ...across.ticks.map(
      (tick) => `<text x="${pixel(xOf(tick))}" y="${HEIGHT - BOTTOM + 18}" class="tick middle">${label(tick)}</text>`,
    ),
  ]
  const marks = drawn.map(({ mark, points }, i) => {
    const colour = COLOURS[i % COLOURS.length]!
    const places = points.map(([right, above]) => [pixel(xOf(right)), pixel(yOf(above))] as const)
    if (mark === 'dots') {
      return places
        .map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="4" fill="${colour}" fill-opacity=".75"/>`)
        .join('')
    }
    const dashes = mark === 'dashes' ? ' stroke-dasharray="5 4"' : ''
    return `<polyline points="${places.map((place) => place.join(',')).join(' ')}" stroke="${colour}"${dashes}/>`
  })
  let legendAt = LEFT
  const legend = drawn.map(({ name }, i) => {
    const at = legendAt
    legendAt += name.length * LETTER + 24
    return `<text x="${at}" y="44" fill="${COLOURS[i % COLOURS.length]!}">${escaped(name)}</text>`
  })
  return [
    `<text x="${LEFT}" y="22" font-weight="bold">${escaped(title)}</text>`,
    ...grid,
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 14}" class="middle">${escaped(x)}</text>`,
    `<text x="16" y="${(TOP + HEIGHT - BOTTOM) / 2}" class="middle" transform="rotate(-90 16 ${(TOP + HEIGHT - BOTTOM) / 2})">${escaped(y)}</text>`,
    ...marks,
    ...legend,
  ]
}

/** One chart, or several side by side. */
export function chartSvg(...charts: readonly Chart[]): string {
  const style =
    'text{font:13px sans-serif}.tick{font-size:11px;fill:#555}.end{text-anchor:end}.middle{text-anchor:middle}' +
    '.grid{stroke:#ddd}polyline{fill:none;stroke-width:2;stroke-linejoin:round}'
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${charts.length * WIDTH} ${HEIGHT}">`,
    `<title>${escaped(charts.map(({ title }) => title).join('; '))}</title>`,
    `<style>${style}</style><rect width="100%" height="100%" fill="#fff"/>`,
    ...charts.flatMap((chart, i) =>
      i === 0 ? panel(chart) : [`<g transform="translate(${i * WIDTH} 0)">`, ...panel(chart), '</g>'],
    ),
    '</svg>',
    '',
  ].join('\n')
}

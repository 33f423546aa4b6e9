import type { Message } from '../messages/message.ts';
import { numbersOf } from '../messages/shapes.ts';
import { showNumber } from '../messages/text.ts';
import { h } from '../ui/dom.ts';
import { define, type Host, type Instance } from './kind.ts';

const most = 4_000; // points; older ones are dropped
const series = 3; // numbers of a message that are drawn

export interface Point {
  at: number; // ms
  values: number[];
}

/** The first numbers of each message over time. */
class Plot implements Instance {
  readonly points: Point[] = [];

  constructor(private readonly host: Host) {}

  receive(message: Message): void {
    const values = numbersOf(message).slice(0, series);
    if (values.length > 0) this.points.push({ at: performance.now(), values });
    if (this.points.length > most) this.points.splice(0, most / 4);
    this.host.changed();
    this.host.emit(message);
  }
}

export const plot = define<Plot>({
  name: 'plot',
  about: 'draws numbers over time',
  words: 'graph scope curve chart',
  inlet: true,
  outlet: true,
  defaults: { seconds: 10 },
  fields: [{ key: 'seconds', label: 'Seconds shown', min: 1, max: 600 }],
  label: (settings) => `${settings['seconds']} s`,
  create: (host) => new Plot(host),
  view: (instance, host) => {
    const canvas = h('canvas', { class: 'plot', role: 'img', 'aria-label': 'plot' });
    let drawing = false;
    const draw = (): void => {
      drawing = false;
      const span = Number(host.settings['seconds']) * 1000;
      paint(canvas, instance.points, span);
      const newest = instance.points.at(-1);
      canvas.setAttribute('aria-label', `plot, now ${newest?.values.map(showNumber) ?? 'empty'}`);
      // It scrolls as long as there is something to see.
      if (canvas.isConnected && newest && performance.now() - newest.at < span) again();
    };
    const again = (): void => {
      if (drawing) return;
      drawing = true;
      requestAnimationFrame(draw);
    };
    host.onChange(again);
    again();
    return canvas;
  },
});

/** The smallest and the largest of what is seen. */
export function extent(points: readonly Point[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const { values } of points)
    for (const value of values) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  if (low > high) return [0, 1];
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

function paint(canvas: HTMLCanvasElement, points: readonly Point[], span: number): void {
  const pen = canvas.getContext('2d');
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!pen || width === 0) return;
  const ratio = devicePixelRatio;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  pen.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const now = performance.now();
  const seen = points.filter(({ at }) => at > now - span);
  const [low, high] = extent(seen);
  const pad = 6;
  const x = (at: number): number => width - ((now - at) / span) * width;
  const y = (value: number): number =>
    height - pad - ((value - low) / (high - low)) * (height - 2 * pad);
  const colors = ['--accent', '--text', '--faint'].map((name) => style.getPropertyValue(name));
  pen.lineWidth = 1.5;
  for (let one = series - 1; one >= 0; one--) {
    pen.strokeStyle = colors[one] ?? 'currentColor';
    pen.beginPath();
    let last: number | undefined;
    for (const { at, values } of seen) {
      const value = values[one];
      if (value === undefined) continue;
      // Steps, not slopes: a value holds until the next one comes.
      if (last !== undefined) pen.lineTo(x(at), y(last));
      pen.lineTo(x(at), y(value));
      last = value;
    }
    if (last !== undefined) pen.lineTo(width, y(last));
    pen.stroke();
  }
  if (seen.length === 0) return;
  pen.fillStyle = style.getPropertyValue('--faint');
  pen.font = `10px ${style.fontFamily}`;
  pen.fillText(showNumber(high), 4, 11);
  pen.fillText(showNumber(low), 4, height - 4);
}

import { isMap, type Message } from '../messages/message.ts';
import { shape } from '../messages/shapes.ts';
import { h, holdTouch } from '../ui/dom.ts';
import { onFrame } from '../ui/frame.ts';
import { define, speechDefaults, speechFields, speechLabel, speechOf } from './kind.ts';
import type { Field, Host, Instance } from './kind.ts';

const names = ['C', 'C♯', 'D', 'D♯', 'E', 'F', 'F♯', 'G', 'G♯', 'A', 'A♯', 'B'];
const isBlack = (note: number): boolean => names[note % 12]?.length === 2;
const nameOf = (note: number): string => `${names[note % 12]}${Math.floor(note / 12) - 1}`;
const octave = 12;
const shownNotes = octave + 1; // up to the next C

/** Letters that lie on a keyboard as the keys of a piano do. */
const letters = 'awsedftgyhujk';

/** Plain notes have the shape of Patchies' MIDI objects; OSC is [note, velocity]; DMX a level a key. */
class Keys implements Instance {
  readonly sounding = new Set<number>();

  constructor(private readonly host: Host) {}

  get lowest(): number {
    return Number(this.host.settings['octave']) * octave + octave;
  }

  /** Notes that come in light up and are not sent on. */
  receive(message: Message): void {
    if (!isMap(message)) return;
    const { type, note } = message;
    if (typeof note !== 'number') return;
    if (type === 'noteOn' && message['velocity'] !== 0) this.sounding.add(note);
    else if (type === 'noteOn' || type === 'noteOff') this.sounding.delete(note);
    this.host.changed();
  }

  on(note: number): void {
    if (this.sounding.has(note)) return;
    this.sounding.add(note);
    this.#send(note, Number(this.host.settings['velocity']));
  }

  off(note: number): void {
    if (this.sounding.delete(note)) this.#send(note, 0);
  }

  stop(): void {
    for (const note of [...this.sounding]) this.off(note);
  }

  #send(note: number, velocity: number): void {
    const speech = speechOf(this.host.settings);
    // On DMX each key is a channel of its own.
    const own = { ...speech, channel: speech.channel + note - this.lowest };
    const plain: Message = {
      type: velocity > 0 ? 'noteOn' : 'noteOff',
      note,
      velocity,
      channel: 1,
    };
    this.host.emit(shape(own, { args: [note, velocity], levels: [velocity / 127], plain }));
    this.host.changed();
  }
}

const fields: readonly Field[] = [
  ...speechFields,
  { key: 'octave', label: 'Octave', min: 0, max: 8 },
  { key: 'velocity', label: 'Velocity', min: 1, max: 127 },
];

export const keys = define<Keys>({
  name: 'keys',
  about: 'a keyboard of notes',
  words: 'piano midi note keyboard synth',
  inlet: true,
  outlet: true,
  defaults: { ...speechDefaults, as: 'plain', address: '/note', octave: 4, velocity: 100 },
  fields,
  label: speechLabel,
  create: (host) => new Keys(host),
  view: (instance, host) => {
    const board = h('div', { class: 'keys', role: 'group', 'aria-label': 'notes' });
    let faces: { face: HTMLButtonElement; offset: number }[] = [];
    let built = -1;
    const build = (): void => {
      built = instance.lowest;
      faces = Array.from({ length: shownNotes }, (_, offset) => ({ offset, face: key(offset) }));
      board.replaceChildren(...faces.map(({ face }) => face));
    };
    const key = (offset: number): HTMLButtonElement => {
      const note = instance.lowest + offset;
      const face = h('button', {
        type: 'button',
        class: isBlack(note) ? 'key black' : 'key',
        'aria-label': nameOf(note),
        'data-note': note,
        onkeydown: (event: KeyboardEvent) => {
          if (event.key !== 'Enter' && event.key !== ' ') return;
          event.preventDefault();
          if (!event.repeat) instance.on(note);
        },
        onkeyup: () => instance.off(note),
        onblur: () => instance.off(note),
      });
      const whites = Array.from({ length: offset }, (_, o) => o).filter((o) => !isBlack(o)).length;
      face.style.setProperty('--at', String(whites));
      return face;
    };
    holdTouch(board);
    playByPointer(board, instance);
    playByLetters(board, instance);
    const draw = (): void => {
      if (built !== instance.lowest) build();
      for (const { face, offset } of faces)
        face.classList.toggle('held', instance.sounding.has(instance.lowest + offset));
    };
    draw();
    host.onChange(onFrame(draw));
    return board;
  },
});

/** Every finger plays the key that it is on, and glides to the next. */
function playByPointer(board: HTMLElement, instance: Keys): void {
  const fingers = new Map<number, number>();
  const noteAt = (event: PointerEvent): number | undefined => {
    const under = document.elementFromPoint(event.clientX, event.clientY);
    const face = under?.closest<HTMLElement>('.key');
    return face && board.contains(face) ? Number(face.dataset['note']) : undefined;
  };
  const follow = (event: PointerEvent): void => {
    const before = fingers.get(event.pointerId);
    const now = noteAt(event);
    if (before === now) return;
    if (before !== undefined) instance.off(before);
    fingers.delete(event.pointerId);
    if (now === undefined) return;
    fingers.set(event.pointerId, now);
    instance.on(now);
  };
  const isDown = new Set<number>();
  board.addEventListener('pointerdown', (event) => {
    board.setPointerCapture(event.pointerId);
    isDown.add(event.pointerId);
    follow(event);
  });
  board.addEventListener('pointermove', (event) => isDown.has(event.pointerId) && follow(event));
  for (const end of ['pointerup', 'pointercancel'] as const)
    board.addEventListener(end, (event) => {
      isDown.delete(event.pointerId);
      const note = fingers.get(event.pointerId);
      if (note !== undefined) instance.off(note);
      fingers.delete(event.pointerId);
    });
}

function playByLetters(board: HTMLElement, instance: Keys): void {
  const noteOf = (event: KeyboardEvent): number | undefined => {
    const offset = letters.indexOf(event.key.toLowerCase());
    const isPlain = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    return isPlain && offset >= 0 ? instance.lowest + offset : undefined;
  };
  board.addEventListener('keydown', (event) => {
    const note = noteOf(event);
    if (note !== undefined && !event.repeat) instance.on(note);
  });
  board.addEventListener('keyup', (event) => {
    const note = noteOf(event);
    if (note !== undefined) instance.off(note);
  });
}

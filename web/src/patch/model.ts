// The patch: objects, where they are, what is set in them, and the wires. No DOM, no network.

export type Setting = string | number | boolean;
export type Settings = Readonly<Record<string, Setting>>;

export interface PatchObject {
  readonly id: number;
  readonly kind: string;
  x: number;
  y: number;
  settings: Settings;
}

export interface Wire {
  readonly from: number;
  readonly to: number;
}

/** What a kind of object must tell the model. */
export interface KindShape {
  readonly inlet: boolean;
  readonly outlet: boolean;
  readonly defaults: Settings;
}

export type Change =
  | { what: 'added' | 'removed' | 'moved'; object: PatchObject }
  | { what: 'set'; object: PatchObject; key: string }
  | { what: 'wired' | 'unwired'; wire: Wire };

export const farthest = 20_000; // px; what a link may ask for
/** Bounds of a patch: what a link may make a page hold. */
export const mostObjects = 500;
export const mostWires = 2_000;
export const longestSetting = 20_000; // characters; what is longer is cut

export class Patch {
  readonly objects = new Map<number, PatchObject>();
  readonly wires: Wire[] = [];
  #listeners = new Set<(change: Change) => void>();
  #nextId = 1;

  constructor(readonly kinds: ReadonlyMap<string, KindShape>) {}

  onChange(listener: (change: Change) => void): void {
    this.#listeners.add(listener);
  }

  /** Undefined when the patch is full or no such kind is known. */
  add(kind: string, x: number, y: number, settings: Settings = {}): PatchObject | undefined {
    const shape = this.kinds.get(kind);
    if (!shape || this.objects.size >= mostObjects) return undefined;
    const object: PatchObject = {
      id: this.#nextId++,
      kind,
      x: placed(x),
      y: placed(y),
      settings: { ...shape.defaults, ...known(settings, shape.defaults) },
    };
    this.objects.set(object.id, object);
    this.#tell({ what: 'added', object });
    return object;
  }

  remove(id: number): void {
    const object = this.objects.get(id);
    if (!object) return;
    for (const wire of this.wires.filter(({ from, to }) => from === id || to === id))
      this.disconnect(wire.from, wire.to);
    this.objects.delete(id);
    this.#tell({ what: 'removed', object });
  }

  move(id: number, x: number, y: number): void {
    const object = this.objects.get(id);
    if (!object) return;
    object.x = placed(x);
    object.y = placed(y);
    this.#tell({ what: 'moved', object });
  }

  set(id: number, key: string, value: Setting): void {
    const object = this.objects.get(id);
    const bounded = cut(value);
    if (!object || object.settings[key] === bounded) return;
    object.settings = { ...object.settings, [key]: bounded };
    this.#tell({ what: 'set', object, key });
  }

  isConnected(from: number, to: number): boolean {
    return this.wires.some((wire) => wire.from === from && wire.to === to);
  }

  /** False when there can be no such wire, or it is there already. */
  connect(from: number, to: number): boolean {
    const source = this.#shapeOf(from);
    const target = this.#shapeOf(to);
    if (!source?.outlet || !target?.inlet || from === to) return false;
    if (this.isConnected(from, to) || this.wires.length >= mostWires) return false;
    const wire = { from, to };
    this.wires.push(wire);
    this.#tell({ what: 'wired', wire });
    return true;
  }

  disconnect(from: number, to: number): void {
    const index = this.wires.findIndex((wire) => wire.from === from && wire.to === to);
    const [wire] = index < 0 ? [] : this.wires.splice(index, 1);
    if (wire) this.#tell({ what: 'unwired', wire });
  }

  clear(): void {
    for (const id of [...this.objects.keys()]) this.remove(id);
  }

  usesRoom(): boolean {
    return [...this.objects.values()].some(({ kind }) => isNetwork(kind));
  }

  #shapeOf(id: number): KindShape | undefined {
    return this.kinds.get(this.objects.get(id)?.kind ?? '');
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}

/** The objects that need a room. */
export const isNetwork = (kind: string): boolean => kind === 'netsend' || kind === 'netrecv';

const placed = (at: number): number => Math.round(Math.min(farthest, Math.max(0, at)));

const cut = (value: Setting): Setting =>
  typeof value === 'string' ? value.slice(0, longestSetting) : value;

/** Only settings that the kind has, of the type that it has. */
function known(settings: Settings, defaults: Settings): Settings {
  return Object.fromEntries(
    Object.entries(settings)
      .filter(
        ([key, value]) =>
          Object.hasOwn(defaults, key) &&
          typeof value === typeof defaults[key] &&
          (typeof value !== 'number' || Number.isFinite(value)),
      )
      .map(([key, value]) => [key, cut(value)]),
  );
}
